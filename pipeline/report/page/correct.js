// Correcting a row: a person types what the imprint says and chooses among the tablets that bear it.

const FOUND_MAX = 12;

/** What the person says the pill is, or null. */
function askCorrection(row) {
  const catalog = data.catalog;
  const part = catalog.total > catalog.tablets.length
    ? ` This page holds the ${grouped(catalog.tablets.length)} commonest of the catalog's ${grouped(catalog.total)} tablets.` : "";
  const typed = element("input", {
    id: "typed", role: "combobox", "aria-expanded": "false", "aria-controls": "found", "aria-autocomplete": "list",
    autocomplete: "off", spellcheck: "false", maxlength: 80, "aria-describedby": "typed-help",
  });
  const found = element("ul", { id: "found", role: "listbox", "aria-label": "Tablets that agree" });
  const told = element("p", { role: "status", class: "faint" });
  const note = element("input", { id: "note", maxlength: 300, autocomplete: "off" });
  let options = [];
  let chosen = 0;

  const mark = () => {
    [...found.children].forEach((child, place) => child.setAttribute("aria-selected", String(place === chosen)));
    const current = found.children[chosen];
    if (current) {
      typed.setAttribute("aria-activedescendant", current.id);
      current.scrollIntoView({ block: "nearest" });
    } else typed.removeAttribute("aria-activedescendant");
  };
  const show = () => {
    const hits = typed.value.trim() ? searched(typed.value, FOUND_MAX) : [];
    options = [...hits.map(([tier, tablet]) => ({ tier, tablet })), { tier: "", tablet: null }];
    chosen = hits.length > 1 ? -1 : 0; // of several the person chooses: Enter alone must not name the first
    found.replaceChildren(...options.map(({ tier, tablet }, place) => {
      const item = tablet
        ? element("li", { role: "option", id: `found-${place}` }, element("strong", {}, `${tablet.drug} ${tablet.strength}`.trim()),
            element("span", {}, tablet.tokens.join(" ") || "no text"), element("span", { class: "faint" }, tier))
        : element("li", { role: "option", id: `found-${place}` }, "It is none of these: not in the catalog");
      item.addEventListener("click", () => { chosen = place; form.requestSubmit(); });
      return item;
    }));
    typed.setAttribute("aria-expanded", "true");
    told.textContent = hits.length ? `${counted(hits.length, "tablet")}${hits.length === FOUND_MAX ? " or more" : ""}` : typed.value.trim() ? "No tablet agrees." : "";
    mark();
  };
  const chosenTablet = () => {
    if (chosen < 0) {
      told.textContent = `${counted(options.length - 1, "tablet")}: choose one with the arrow keys.`;
      typed.focus();
      return undefined;
    }
    const tablet = options[chosen]?.tablet;
    return {
      verdict: "corrected", imprint: typed.value.trim(), note: note.value.trim(),
      drug: tablet?.drug || "", strength: tablet?.strength || "", product_id: tablet?.id || "",
    };
  };
  const form = element("form", { method: "dialog" },
    element("h2", { id: "correct-title" }, "What is it?"),
    element("label", { for: "typed" }, "What the imprint says, or the drug's name"), typed,
    element("p", { id: "typed-help", class: "faint" }, `Arrow keys choose, Enter keeps; * and ? stand for what cannot be read.${part}`),
    found, told,
    element("label", { for: "note" }, "Note (may stay empty)"), note,
    element("div", { class: "actions" }, element("button", { type: "submit", class: "main" }, "Keep"), button("Cancel", () => dialog.close())));
  const dialog = element("dialog", { "aria-labelledby": "correct-title", class: "correct" }, form);
  typed.addEventListener("input", show);
  typed.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !options.length) return;
    event.preventDefault();
    chosen = (Math.max(chosen, step > 0 ? -1 : 0) + step + options.length) % options.length;
    mark();
  });
  const correction = asked(dialog, form, chosenTablet);
  typed.value = row.imprint;
  typed.select();
  show();
  return correction;
}
