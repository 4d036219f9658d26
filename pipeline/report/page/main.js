// Puts the page together: a list to work through, or answers one below the other.

const main = document.getElementById("main");
const detail = element("section", { id: "detail", "aria-label": "The row chosen", tabindex: "-1" });
let drawnFor = null;

async function showDetail(row) {
  drawnFor = row;
  if (!row) {
    detail.replaceChildren(element("p", { class: "faint" }, "No row agrees with the filters."));
    return;
  }
  const view = await withLabels(await viewOf(row));
  if (drawnFor !== row) return;
  detail.replaceChildren(...[back(), ...(view ? viewShown(view, row) : rowShown(row))].filter(Boolean));
  detail.scrollTop = 0;
}

function viewShown(view, row) {
  const [title, ...rest] = answer(view, row, "h2");
  return [...expectedShown(row), title, verdictBar(row, view), ...rest, ...answerRest(view)];
}

/** Whether the pill is what the list says, and what else the list says of it. */
function expectedShown(row) {
  const own = data.about.own.map((name, place) => [name, row.own[place]]).filter(([, value]) => value);
  const said = own.length ? element("table", { class: "own" }, element("caption", {}, "From the list"),
    element("tbody", {}, ...own.map(([name, value]) => element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, value))))) : null;
  if (!row.truth) return [said];
  return [
    element("h2", { tabindex: "-1" }, agreementBadge(row.truth.agreement), row.truth.expected ? `Expected: ${row.truth.expected}` : "The list does not say what is expected"),
    element("p", { class: "expected" }, row.truth.why || (row.error ? "The photo gave no answer." : "")),
    row.truth.next ? element("p", { class: "next" }, element("strong", {}, "Next: "), row.truth.next) : null,
    element("p", { class: "faint" }, "By its look alone, which others can share: never give or take a pill on this alone."),
    said,
  ];
}

/** A row that has no more than its line: an error, or one made without a report. */
function rowShown(row) {
  const missing = row.view >= 0 ? `What this row opens to lies in the folder ${data.shards.folder} beside this page, and it is not there: keep both together.`
    : row.error ? "" : "This row was made without a report: neither picture nor evidence was kept.";
  return [
    ...expectedShown(row),
    element("h2", { tabindex: "-1" }, decisionBadge(row.decision), row.name || row.photo),
    verdictBar(row, null),
    row.error ? element("p", { class: "warning" }, element("strong", {}, `${row.errorKind}: `), row.error) : null,
    row.imprint ? element("p", {}, `Imprint read: ${row.imprint}`) : null,
    missing ? element("p", { class: "faint" }, missing) : null,
    element("div", { class: "pictures" }, originalLink(row) || ""),
  ];
}

const back = () => button("Back to the list", closeDetail, { class: "back no-print" });

function openDetail() {
  document.body.classList.add("opened");
}

function closeDetail() {
  document.body.classList.remove("opened");
  list.focus();
}

/** Beside what was expected it has to be said which of the two is confirmed. */
const confirmation = (row) => (row.truth && row.name ? `Confirm: it is ${row.name}` : "Confirm");

function verdictBar(row, view) {
  const bar = element("div", { class: "verdict-bar", role: "group", "aria-label": "Your verdict" },
    confirmable(row) ? button(confirmation(row), () => act("confirm"), { "aria-keyshortcuts": "c", class: "main" }) : null,
    button("Correct", () => act("correct"), { "aria-keyshortcuts": "e" }),
    button("Set aside", () => act("aside"), { "aria-keyshortcuts": "x" }),
    row.said ? button("Take back", () => act("undo"), { "aria-keyshortcuts": "u" }) : null,
    element("span", { class: "said-words" }, row.said ? verdictWords(row.said) : ""));
  const named = view?.candidates || [];
  if (view && view.decision !== "IDENTIFIED" && named.length) {
    bar.append(element("span", { class: "pick" }, "It is: ", ...named.map((one, place) =>
      button(`${place + 1} ${one.name}`, () => act("pick", place), { class: "small", "aria-keyshortcuts": String(place + 1) }))));
  }
  return bar;
}

/** Do what a key or a button asks for the row chosen, and go on to the next. */
async function act(what, place = 0) {
  const row = current;
  if (!row || (what === "undo" && !row.said)) return;
  if (what === "confirm" && !confirmable(row)) {
    say(`${row.photo}: gave no answer that could be confirmed; e says what the pill is, x sets the row aside.`);
    return;
  }
  if (what !== "undo" && !(await named())) return;
  const verdict = await verdictFor(what, row, place);
  if (verdict === undefined) return;
  judge(row, verdict);
  const next = shown[shown.indexOf(row) + 1];
  redraw(row);
  drawFacet("Review", facets.Review, facetPlaces.find(([name]) => name === "Review")[1]);
  say(verdict ? `${row.photo}: ${verdictWords(row.said)}` : `${row.photo}: taken back`);
  if (verdict && next) choose(next);
  else showDetail(row);
}

async function verdictFor(what, row, place) {
  if (what === "undo") return null;
  if (what === "aside") return { verdict: "set aside" };
  if (what === "correct") return (await askCorrection(row)) || undefined;
  const view = await viewOf(row);
  const one = view?.candidates?.[place];
  if (what === "pick") return one ? { verdict: row.decision === "IDENTIFIED" && place === 0 ? "confirmed" : "corrected", ...productOf(one) } : undefined;
  return { verdict: "confirmed", ...(row.decision === "IDENTIFIED" && one ? productOf(one) : {}) };
}

const productOf = (one) => ({ drug: one.drug, strength: one.strength, product_id: one.id });

const KEYS = {
  j: () => step(1), k: () => step(-1), c: () => act("confirm"), e: () => act("correct"), x: () => act("aside"), u: () => act("undo"),
  "/": () => search.focus(), "?": () => { help.open = !help.open; help.querySelector("summary").focus(); },
  p: () => document.getElementById("original")?.click(),
  o: () => document.body.classList.toggle("no-overlay"),
};
const LIST_KEYS = {
  ArrowDown: () => step(1), ArrowUp: () => step(-1), PageDown: () => step(8), PageUp: () => step(-8),
  Home: () => step(-rows.length), End: () => step(rows.length),
  Enter: () => { openDetail(); detail.focus(); }, " ": () => { openDetail(); detail.focus(); },
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") {
    if (document.activeElement === search && search.value) clearFilters();
    else closeDetail();
    return;
  }
  if (event.target.closest("input, select, textarea")) {
    if (event.key === "Enter" && event.target === search) list.focus();
    return;
  }
  const action = (event.target === list && LIST_KEYS[event.key]) || KEYS[event.key] || (/^[1-5]$/.test(event.key) && (() => act("pick", Number(event.key) - 1)));
  if (!action) return;
  event.preventDefault();
  action();
}

const help = element("details", { class: "help no-print" }, element("summary", {}, "Keys"),
  element("dl", {}, ...[
    ["j k, arrows", "next, previous row"], ["Enter", "open the row"], ["Esc", "back to the list"], ["c", "confirm"], ["e", "correct: type what the imprint says"],
    ["x", "set aside"], ["1 to 5", "it is that candidate"], ["u", "take the verdict back"], ["/", "search"], ["o", "overlay on or off"], ["p", "the photo as it was taken"],
  ].flatMap(([key, what]) => [element("dt", {}, key), element("dd", {}, what)])));

function batchPage() {
  const listed = data.photos > rows.length ? ` The page lists the first ${grouped(data.most)} of them.` : "";
  const privacy = data.about.pictures
    ? "This page holds pictures that may be a patient's. Keep it where such pictures may be kept, and show it to nobody who may not see them (pillprint batch --no-thumbnails makes it without)."
    : "This page was made without pictures; file names and answers may still tell of a patient.";
  main.append(...[
    element("p", { class: "warning privacy", role: "note" }, privacy, store ? "" : " This browser keeps nothing of this page: export your verdicts before you close it."),
    listed ? element("p", {}, `${counted(data.photos, "row")}.${listed}`) : null,
    element("details", { class: "counts", open: window.innerWidth > 700 }, element("summary", {}, "Counts; choose some to filter by"),
      element("div", { class: "facets" }, ...facetPlaces.map(([, place]) => place))),
    element("div", { class: "tools no-print" },
      element("label", { for: "search" }, "Search"), search, element("label", { for: "order" }, "Order"), order,
      button("Clear filters", clearFilters), button("Export verdicts", exportVerdicts, { class: "main" }), button("Print", printPage), button("Your name", askName)),
    element("div", { class: "told" }, status, help),
    element("div", { class: "review" }, list, detail),
    element("details", { class: "about", open: true }, element("summary", {}, "About this run"),
      element("table", {}, element("tbody", {}, ...data.about.lines.map(([name, value]) => element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, value)))))),
  ].filter(Boolean));
  search.addEventListener("input", filterRows);
  order.addEventListener("change", filterRows);
  document.addEventListener("keydown", onKey);
  window.addEventListener("beforeprint", () => { printing(true); });
  window.addEventListener("afterprint", () => { printing(false); });
  drawFacets();
  filterRows();
}

function printing(on) {
  forPrint = on;
  draw();
  if (on && shown.length > PRINTED_MAX) say(`The first ${PRINTED_MAX} of ${grouped(shown.length)} rows are printed${filtersSaid()}; filter for others.`);
}

/** Print when all pictures are there; the browser's own command prints those that are. */
async function printPage() {
  say("The pictures are read for the printer.");
  printing(true);
  await allPictured();
  say(`${counted(Math.min(shown.length, PRINTED_MAX), "row")} of ${grouped(shown.length)} to print${filtersSaid()}.`);
  window.print();
}

function answersPage() {
  if (data.overview.length) main.append(element("article", {}, element("div", { class: "pictures" }, ...data.overview.map((photo) => photoShown(photo)))));
  main.append(...data.views.map((view) => element("article", {}, ...[...answer(view, null, "h2"), ...answerRest(view)].filter(Boolean))));
}

if (data.kind === "batch") batchPage();
else answersPage();
