// The rows to work through: counts to filter by, a search, an order, and a list that holds only what is in sight.

const DECISIONS = ["IDENTIFIED", "AMBIGUOUS", "UNKNOWN", "UNREADABLE", "NO_PILL", "ERROR"];
// Rows beyond the edge of the list that are drawn already.
const AHEAD = 6;
// So many rows are printed, and so many values of each count; a printer is no place for 10,000.
const PRINTED_MAX = 500;
const PRINTED_VALUES_MAX = 10;

const reviewState = (row) => row.said?.verdict || "to do";
const AGREEMENTS = ["CONTRADICTED", "NOT_COMPARED", "CANNOT_TELL", "CONSISTENT"];
const facets = {
  ...(data.about?.truth ? { Expected: { of: (row) => row.truth?.agreement, words: (value) => value.replace("_", " "), chosen: new Set() } } : {}),
  Decision: { of: (row) => row.decision, words: (value) => value.replace("_", " "), chosen: new Set() },
  Drug: { of: (row) => (row.decision === "IDENTIFIED" ? row.name : ""), words: (value) => value, chosen: new Set() },
  "Advice or error": { of: (row) => row.advice || row.errorKind, words: (value) => (/^[A-Z_]+$/.test(value) ? spoken(value) : value), chosen: new Set() },
  Review: { of: reviewState, words: (value) => value, chosen: new Set() },
};
const orderings = {
  ...(data.about?.truth ? { "what does most harm first": (one, other) => (one.truth?.harm ?? 9) - (other.truth?.harm ?? 9) || other.doubt - one.doubt || one.number - other.number } : {}),
  "most doubtful first": (one, other) => other.doubt - one.doubt || one.number - other.number,
  "least doubtful first": (one, other) => one.doubt - other.doubt || one.number - other.number,
  "in the order of the folder": (one, other) => one.number - other.number,
  "by drug": (one, other) => Number(!one.name) - Number(!other.name) || (one.name < other.name ? -1 : one.name > other.name ? 1 : one.number - other.number),
};
const sortedRows = new Map();

let shown = [];
let current = null;
let rowHeight = 0;

for (const row of rows) row.text = `${row.photo} ${row.name} ${row.imprint} ${row.errorKind} ${row.decision} ${row.truth?.expected || ""} ${row.own.join(" ")}`.toLowerCase();

const list = element("ul", { id: "list", role: "listbox", tabindex: "0", "aria-label": "Photos" });
const space = element("li", { role: "presentation", class: "space" });
list.append(space);
const search = element("input", { id: "search", type: "search", placeholder: "name, drug, imprint", autocomplete: "off", "aria-keyshortcuts": "/" });
const order = element("select", { id: "order" }, ...Object.keys(orderings).map((name) => element("option", { value: name }, name)));
const facetPlaces = Object.keys(facets).map((name) => [name, element("section", { class: "facet", "aria-label": name })]);

function filterRows() {
  const name = order.value;
  if (!sortedRows.has(name)) sortedRows.set(name, [...rows].sort(orderings[name]));
  const asked = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const narrowed = Object.values(facets).filter((facet) => facet.chosen.size);
  shown = sortedRows.get(name).filter((row) =>
    narrowed.every((facet) => facet.chosen.has(facet.of(row))) && asked.every((word) => row.text.includes(word)));
  space.style.height = `${shown.length * height()}px`;
  list.scrollTop = 0;
  say(shown.length === rows.length ? `${counted(rows.length, "row")}` : `${grouped(shown.length)} of ${counted(rows.length, "row")}${filtersSaid()}`);
  if (!shown.includes(current)) choose(shown[0] || null, false);
  draw();
}

/** What the rows shown have in common, which a sheet of paper must say too; "" where nothing is filtered. */
function filtersSaid() {
  const searched = search.value.trim();
  const chosen = Object.entries(facets).filter(([, facet]) => facet.chosen.size)
    .map(([name, facet]) => `${name} ${[...facet.chosen].map(facet.words).join(" or ")}`);
  const said = [...chosen, ...(searched ? [`\u201c${searched}\u201d`] : [])];
  return said.length ? `: ${said.join(", ")}` : "";
}

function height() {
  rowHeight ||= parseFloat(getComputedStyle(list).getPropertyValue("--row-height")) || 76;
  return rowHeight;
}

const items = new Map();
// What puts the picture of a row drawn into its place.
const pictured = new Map();
// Whether the rows are drawn for a printer: the first ones, in sight or not.
let forPrint = false;

/** The places of the first row drawn and the one past the last. */
function drawnPlaces() {
  if (forPrint) return [0, Math.min(shown.length, PRINTED_MAX)];
  return [Math.max(0, Math.floor(list.scrollTop / height()) - AHEAD), Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / height()) + AHEAD)];
}

/** The rows in sight as elements; those out of sight leave. */
function draw() {
  const [first, last] = drawnPlaces();
  const wanted = new Map();
  for (let place = first; place < last; place += 1) wanted.set(shown[place], place);
  if (current && !wanted.has(current)) {
    const place = shown.indexOf(current);
    if (place >= 0) wanted.set(current, place);
  }
  for (const [row, item] of items) {
    if (!wanted.has(row)) {
      item.remove();
      items.delete(row);
      pictured.delete(row);
    }
  }
  for (const [row, place] of [...wanted].sort((one, other) => one[1] - other[1])) {
    const item = items.get(row) || made(row);
    item.style.top = `${place * height()}px`;
    item.setAttribute("aria-posinset", place + 1);
    item.setAttribute("aria-setsize", shown.length);
    item.setAttribute("aria-selected", String(row === current));
    item.classList.toggle("narrow-odd", place % 2 === 1);
    if (!item.isConnected) list.append(item);
  }
  if (current && items.has(current)) list.setAttribute("aria-activedescendant", `row-${current.number}`);
  else list.removeAttribute("aria-activedescendant");
}

function made(row) {
  const thumb = element("span", { class: "thumb" });
  const item = element("li", { role: "option", id: `row-${row.number}`, class: "row" }, thumb,
    element("span", { class: "what" },
      element("span", { class: "name" }, row.truth?.expected ? `${row.truth.expected}?` : row.name || row.error || (row.imprint ? `reads ${row.imprint}` : "no drug named")),
      row.truth && row.truth.agreement !== "CONSISTENT" && row.name && row.advice !== "ONE_PILL_ALONE" ? element("span", { class: "file" }, `taken for ${row.name}`) : null,
      element("span", { class: "file faint" }, row.pill ? `${row.photo}, pill ${row.pill}` : row.photo, row.own.some(Boolean) ? `, ${row.own.filter(Boolean).join(", ")}` : "")),
    element("span", { class: "side" }, row.truth ? agreementBadge(row.truth.agreement) : decisionBadge(row.decision), row.truth ? null : element("span", { class: "sure" }, row.sure), row.alert ? element("span", { class: "alert" }, "high-alert") : null,
      row.said ? element("span", { class: "said" }, `${SIGNS[row.said.verdict] || ""} ${row.said.verdict}`) : null));
  items.set(row, item);
  if (row.view >= 0 && data.about.pictures) {
    pictured.set(row, viewOf(row).then((view) => {
      const photo = view?.pictures[0];
      if (photo && items.get(row) === item) thumb.append(figure(photo, photo.faces, "", false));
    }));
  }
  return item;
}

/** Done when each row drawn has its picture. */
async function allPictured() {
  await Promise.all(pictured.values());
  await Promise.all([...list.querySelectorAll(".thumb img")].map((image) => image.decode().catch(() => null)));
}

/** Draw a row again: its verdict changed. */
function redraw(row) {
  items.get(row)?.remove();
  items.delete(row);
  draw();
}

function choose(row, scroll = true) {
  current = row;
  const place = shown.indexOf(row);
  if (scroll && place >= 0) {
    const top = place * height();
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + height() > list.scrollTop + list.clientHeight) list.scrollTop = top + height() - list.clientHeight;
  }
  draw();
  showDetail(row);
}

function step(by) {
  if (!shown.length) return;
  const place = Math.max(0, shown.indexOf(current));
  choose(shown[Math.max(0, Math.min(shown.length - 1, place + by))]);
}

function drawFacets() {
  for (const [name, place] of facetPlaces) drawFacet(name, facets[name], place);
}

function drawFacet(name, facet, place) {
  const counts = new Map();
  for (const row of rows) {
    const value = facet.of(row);
    if (value) counts.set(value, (counts.get(value) || 0) + 1);
  }
  const values = [...counts].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1));
  if (name === "Expected") values.sort((one, other) => AGREEMENTS.indexOf(one[0]) - AGREEMENTS.indexOf(other[0]));
  if (name === "Decision") values.sort((one, other) => DECISIONS.indexOf(one[0]) - DECISIONS.indexOf(other[0]));
  const most = Math.max(...counts.values(), 1);
  const focused = document.activeElement?.dataset?.value;
  place.replaceChildren(element("h2", {}, values.length > 8 ? `${name} (${grouped(values.length)})` : name),
    values.length ? element("ul", values.length > 8 ? { tabindex: "0", "aria-label": name } : {}, ...values.map(([value, number], rank) => facetLine(facet, value, number, most, rank)))
      : element("p", { class: "faint" }, "none"),
    values.length > PRINTED_VALUES_MAX ? element("p", { class: "print-only" }, `and ${grouped(values.length - PRINTED_VALUES_MAX)} more`) : "");
  if (focused !== undefined) [...place.querySelectorAll("button")].find((one) => one.dataset.value === focused)?.focus();
}

function facetLine(facet, value, number, most, rank) {
  const share = element("span", { class: "share", "aria-hidden": "true" });
  share.style.width = `${(100 * number) / most}%`;
  const made = button("", () => {
    if (!facet.chosen.delete(value)) facet.chosen.add(value);
    made.setAttribute("aria-pressed", String(facet.chosen.has(value)));
    filterRows();
  }, { "aria-pressed": String(facet.chosen.has(value)), "data-value": value });
  made.append(share, element("span", { class: "value" }, facet.words(value)), element("span", { class: "number" }, grouped(number)));
  return element("li", rank < PRINTED_VALUES_MAX ? {} : { class: "no-print" }, made);
}

function clearFilters() {
  for (const facet of Object.values(facets)) facet.chosen.clear();
  search.value = "";
  drawFacets();
  filterRows();
}

list.addEventListener("scroll", () => requestAnimationFrame(() => draw()), { passive: true });
list.addEventListener("click", (event) => {
  const item = event.target.closest("[role=option]");
  const row = item && rows[Number(item.id.slice("row-".length))];
  if (row) {
    choose(row, false);
    openDetail();
  }
});
new ResizeObserver(() => { rowHeight = 0; if (shown.length) { space.style.height = `${shown.length * height()}px`; draw(); } }).observe(list);
