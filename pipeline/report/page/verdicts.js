// What a person says of the rows: kept in this browser, exported as CSV, merged by `pillprint batch --verdicts`.

const KEPT_UNDER = `pillprint.verdict.${data.about?.run}.`;
const NAME_UNDER = "pillprint.name";
// The columns of the export (pipeline/review.py), and those of them that are the verdict.
const COLUMNS = words.verdicts.columns;
const GIVEN = words.verdicts.verdict;
const SIGNS = { confirmed: "\u2713", corrected: "\u270e", "set aside": "\u2298" };

/** The browser's store, or one for this visit where it gives none. */
const store = (() => {
  try {
    window.localStorage.setItem(`${KEPT_UNDER}try`, "1");
    window.localStorage.removeItem(`${KEPT_UNDER}try`);
    return window.localStorage;
  } catch {
    return null;
  }
})();
const inMemory = new Map();

function kept(name) {
  return store ? store.getItem(name) : inMemory.get(name) ?? null;
}

function keep(name, text) {
  if (text === null) {
    inMemory.delete(name);
    store?.removeItem(name);
    return;
  }
  inMemory.set(name, text);
  try {
    store?.setItem(name, text);
  } catch {
    say("This browser's store is full: export the verdicts now, they are kept until the page is closed only.");
  }
}

const placeOf = (row) => `${KEPT_UNDER}${row.key}.${row.sha256}`;

/** Whether a row has an answer that a person can confirm: an error has none. */
const confirmable = (row) => row.decision !== "ERROR";

/** The later of what was merged into the results and what this browser keeps. */
function readVerdict(row) {
  const merged = row.given ? Object.fromEntries(GIVEN.map((name, place) => [name, row.given[place]])) : null;
  const own = keptVerdict(row);
  return own && (!merged || Date.parse(own.at) >= Date.parse(merged.at)) ? own : merged;
}

function keptVerdict(row) {
  try {
    const verdict = JSON.parse(kept(placeOf(row)) || "null");
    return verdict?.at && (verdict.verdict !== "confirmed" || confirmable(row)) ? verdict : null;
  } catch { // what another page left there is no verdict
    return null;
  }
}

for (const row of rows) row.said = readVerdict(row);

/** Give a row its verdict, or take it back with null. */
function judge(row, verdict) {
  row.said = verdict ? { drug: "", strength: "", product_id: "", imprint: "", note: "", ...verdict, by: kept(NAME_UNDER), at: new Date().toISOString() } : null;
  keep(placeOf(row), row.said ? JSON.stringify(row.said) : null);
  if (!verdict && row.given) row.said = readVerdict(row);
}

/** Ask for the name once; null where the person gives none. */
function named() {
  const name = kept(NAME_UNDER);
  return name ? Promise.resolve(name) : askName();
}

function askName() {
  const input = element("input", { id: "your-name", autocomplete: "name", required: true, maxlength: 80 });
  input.value = kept(NAME_UNDER) || "";
  const form = element("form", { method: "dialog" },
    element("h2", { id: "name-title" }, "Who says so?"),
    element("label", { for: "your-name" }, "Your name; it is kept in this browser and written into the export"),
    input,
    element("div", { class: "actions" }, element("button", { type: "submit", value: "ok", class: "main" }, "Keep"),
      button("Cancel", () => dialog.close())));
  const dialog = element("dialog", { "aria-labelledby": "name-title" }, form);
  return asked(dialog, form, () => {
    const given = input.value.trim();
    if (given) keep(NAME_UNDER, given);
    return given || null;
  });
}

/** A cell of CSV (RFC 4180) that no spreadsheet takes for a formula; verdicts.py takes the sign away again. */
function cell(value) {
  const text = String(value ?? "");
  const defused = /^'*[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(defused) ? `"${defused.replaceAll('"', '""')}"` : defused;
}

function exported() {
  const lines = rows.filter((row) => row.said).map((row) => [
    row.key, row.photo, row.pill || "", row.sha256, ...GIVEN.map((name) => row.said[name]), row.decision, row.name, data.about.run,
  ]);
  return `\ufeff${[COLUMNS, ...lines].map((line) => line.map(cell).join(",")).join("\r\n")}\r\n`;
}

function exportVerdicts() {
  const number = rows.filter((row) => row.said).length;
  if (!number) {
    say("There is no verdict yet: c confirms a row, e corrects it, x sets it aside.");
    return;
  }
  const address = URL.createObjectURL(new Blob([exported()], { type: "text/csv" }));
  const link = element("a", { href: address, download: "verdicts.csv" });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
  say(`${counted(number, "verdict")} exported; merge them with: pillprint batch ... --verdicts verdicts.csv`);
}

function verdictWords(said) {
  const what = [said.drug, said.strength].filter(Boolean).join(" ");
  const imprint = said.imprint ? ` (imprint ${said.imprint})` : "";
  const told = said.verdict === "corrected" ? `corrected to ${what || "a pill that is not in the catalog"}${imprint}` : said.verdict;
  return `${SIGNS[said.verdict] || ""} ${told} by ${said.by || "somebody"}, ${String(said.at).slice(0, 16).replace("T", " ")} UTC${said.note ? `: ${said.note}` : ""}`;
}
