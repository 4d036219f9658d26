// What a row opens to: the answer, the photo, the candidates side by side, and the evidence as a waterfall.

/** A picture with what was found drawn over it: outlines and names, on a face enlarged its characters too. */
function figure(picture, faces, alt, close) {
  const [top, left, bottom, right] = picture.box;
  const image = element("img", { src: picture.src, alt });
  image.width = right - left;
  image.height = bottom - top;
  const size = Math.max(bottom - top, right - left);
  const over = drawing("svg", { viewBox: `${left} ${top} ${right - left} ${bottom - top}`, "aria-hidden": "true", class: "over" },
    ...faces.flatMap((face) => faceDrawn(face, size, close)));
  return element("span", { class: "picture" }, image, over);
}

function faceDrawn(face, size, close) {
  const points = face.outline.map((point) => point.join(",")).join(" ");
  const outline = [drawing("polygon", { points, class: "halo" }), drawing("polygon", { points, class: "outline" })];
  const [top, left] = face.box;
  const letter = size * (close ? 0.08 : 0.06);
  const name = drawing("text", { x: left + letter * 0.2, y: top + letter, class: "face-name", "font-size": letter }, face.name);
  return close ? [...outline, ...face.characters.flatMap((one) => characterDrawn(one, size)), name] : [...outline, name];
}

function characterDrawn([text, sure, x, y, width, height, turn], size) {
  const kind = sure >= 90 ? "sure" : sure >= 60 ? "fair" : "doubtful";
  const letter = Math.max(size * 0.045, Math.min(size * 0.07, height * 0.42));
  const away = height / 2 + letter * 0.6;
  const up = [-Math.sin((turn * Math.PI) / 180), -Math.cos((turn * Math.PI) / 180)];
  const label = drawing("text", { x: x + up[0] * away, y: y + up[1] * away + letter * 0.35, class: `label ${kind}`, "font-size": letter }, text);
  const box = drawing("rect", {
    x: x - width / 2, y: y - height / 2, width, height, class: `box ${kind}`, transform: `rotate(${-turn} ${x} ${y})`,
  });
  return [box, label];
}

function pictures(view, row) {
  const shown = view.pictures.flatMap((photo) => [
    ...(photo.src ? [photoShown(photo, row && view.pictures.length === 1 ? row.photo : photo.name)] : []),
    ...photo.faces.map((face) => element("figure", { class: "face" }, figure(face, [face], `Face ${face.name}: ${face.words}`, true),
      element("figcaption", {}, `Face ${face.name}: ${face.words}`))),
  ]);
  const own = row ? originalLink(row) : null;
  return shown.length || own ? element("div", { class: "pictures" }, ...shown, own) : null;
}

const photoShown = (photo, name = photo.name) => element("figure", { class: "photo" },
  figure(photo, photo.faces, `Photo ${name}`, false), element("figcaption", {}, name));

/** Photos that no page can open: in archives and buckets, and those that a list names by a whole path. */
const OUT_OF_REACH = /^\/|^[a-z0-9+.-]+:\/\/|\.(zip|cbz|tar|tgz|tbz2?|tar\.gz|tar\.bz2)\//i;

/** The way to the photo as it was taken, where it lies where it lay. */
function originalLink(row) {
  if (!data.about?.photos || row.photo.endsWith("/") || OUT_OF_REACH.test(row.photo)) return null;
  const path = `${data.about.photos}/${row.photo.split("/").map(encodeURIComponent).join("/")}`;
  return element("p", { class: "original" }, element("a", { href: path, target: "_blank", rel: "noreferrer noopener", id: "original" },
    "The photo as it was taken"));
}

function agreementBadge(agreement) {
  return element("span", { class: `decision ${agreement}` }, agreement.replace("_", " "));
}

function decisionBadge(decision) {
  return decision ? element("span", { class: `decision ${decision}` }, decision.replace("_", " ")) : null;
}

function answer(view, row, heading) {
  const top = element(heading, { tabindex: "-1" }, decisionBadge(view.decision), view.headline || view.photos.join(", "));
  return [
    top,
    view.reason ? element("p", {}, view.reason) : null,
    view.sellers ? element("p", { class: "faint" }, `Sold by ${view.sellers}`) : null,
    view.advice ? element("p", { class: "advice" }, `Would tell most: ${view.advice.sentence}`) : null,
    ...(view.warnings || []).map((warning) => element("p", { class: "warning" }, warning)),
    pictures(view, row),
  ];
}

function answerRest(view) {
  const below = view.candidates.length ? why(view) : null;
  return [
    view.candidates.length ? compared(view, below) : seenOnly(view),
    view.unlisted ? element("p", {}, element("strong", {}, `Not in this catalog: ${view.unlisted}`)) : null,
    view.match ? element("p", { class: "faint" }, `Match: ${view.match}.`) : null,
    alerts(view),
    below?.shown,
    view.drug && !view.monograph ? element("p", { class: "faint" }, "What to know of it: ",
      element("code", {}, `pillprint monograph ${view.drug}`)) : null,
    view.monograph ? monograph(view.monograph) : null,
    view.asked ? element("p", { class: "faint" }, `Asked: ${view.asked}`) : null,
  ];
}

/** Why a mix-up with some of the candidates does most harm. */
function alerts(view) {
  const alike = new Map();
  for (const { alert, drug, name } of view.candidates.filter((one) => one.alert)) {
    if (!alike.has(alert.reason)) alike.set(alert.reason, { alert, names: new Set() });
    alike.get(alert.reason).names.add(drug || name);
  }
  return alike.size ? element("ul", { class: "alerts" }, ...[...alike.values()].map(({ alert, names }) =>
    element("li", {}, element("span", { class: "alert" }, "high-alert"), ` ${[...names].join(", ")}: ${alert.reason} (`, cited(alert), ")"))) : null;
}

function seenOnly(view) {
  const seen = Object.entries(view.seen || {});
  if (!seen.length) return null;
  return element("table", { class: "seen" }, element("caption", {}, "What was seen"),
    element("tbody", {}, ...seen.map(([name, value]) => element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, value)))));
}

/** The candidates side by side: a column each, what the photo shows first. */
function compared(view, below) {
  const seen = view.seen || {};
  const names = [...new Set([...Object.keys(seen), ...view.candidates.flatMap((one) => Object.keys(one.look))])];
  const withSeen = Object.keys(seen).length > 0;
  const head = element("tr", {}, element("td", {}), withSeen ? element("th", { scope: "col" }, "On the photo") : null,
    ...view.candidates.map((one, place) => element("th", { scope: "col" }, candidateHead(one, place, below))));
  const line = (name) => element("tr", {}, element("th", { scope: "row" }, name),
    withSeen ? element("td", { class: "on-photo" }, seen[name] || "") : null,
    ...view.candidates.map((one) => element("td", {}, one.look[name] || element("span", { class: "faint" }, "not said"))));
  const sources = element("tr", {}, element("th", { scope: "row" }, "Source"), withSeen ? element("td", {}) : null,
    ...view.candidates.map((one) => element("td", {}, cited(one.source))));
  const table = element("table", { class: "candidates" }, element("caption", {}, view.title), element("thead", {}, head),
    element("tbody", {}, ...names.map(line), sources));
  table.style.setProperty("--columns", view.candidates.length + Number(withSeen));
  return element("div", { class: "wide", tabindex: "0", role: "region", "aria-label": view.title }, table);
}

function candidateHead(one, place, below) {
  const alert = one.alert ? element("span", { class: "alert" }, "high-alert") : null;
  return element("span", { class: "candidate" },
    one.picture?.src ? element("img", { src: one.picture.src, alt: `Picture of ${one.name}`, class: "listed" }) : null,
    one.sure ? element("span", { class: "sure" }, one.sure) : null,
    element("strong", {}, one.name),
    one.tier ? element("span", { class: "faint" }, one.tier) : null,
    one.picture ? element("span", { class: "faint" }, cited(one.picture)) : null,
    alert,
    below && one.evidence?.length ? button("Why", () => below.show(place, true), { class: "small no-print", "aria-label": `Why ${one.name}` }) : null);
}

/** The evidence of one candidate at a time. */
function why(view) {
  const shown = element("section", { class: "why", tabindex: "-1" });
  const show = (place, focus) => {
    const one = view.candidates[place];
    if (!one?.evidence?.length) return;
    shown.replaceChildren(waterfall(one));
    shown.setAttribute("aria-label", `Why ${one.name}`);
    if (focus) shown.focus();
  };
  show(0, false);
  return { shown, show };
}

/** Running totals in hundredths of a bit, so that the steps shown add up to the score shown. */
function steps(evidence) {
  let exact = 0;
  let before = 0;
  return evidence.map(([kind, bits, sentence]) => {
    exact += bits;
    const total = Math.round(exact * 100) / 100;
    const step = { kind, sentence, from: before, to: total, bits: total - before };
    before = total;
    return step;
  });
}

const signed = (bits) => (Math.abs(bits) < 0.005 ? "0.00" : `${bits > 0 ? "+" : "\u2212"}${Math.abs(bits).toFixed(2)}`);

function waterfall(one) {
  const parts = steps(one.evidence);
  const edges = [0, ...parts.flatMap((part) => [part.from, part.to])];
  const least = Math.min(...edges);
  const reach = Math.max(...edges) - least || 1;
  const place = (bits) => ((bits - least) / reach) * 100;
  const bar = (from, to, kind) => {
    const made = element("span", { class: `bar ${kind}` });
    made.style.left = `${place(Math.min(from, to))}%`;
    made.style.width = `${Math.max(Math.abs(place(to) - place(from)), 0.6)}%`;
    const zero = element("span", { class: "zero" });
    zero.style.left = `${place(0)}%`;
    return element("td", { class: "bars", "aria-hidden": "true" }, element("span", { class: "lane" }, zero, made));
  };
  const score = parts.length ? parts.at(-1).to : 0;
  return element("table", { class: "waterfall" },
    element("caption", {}, `Why ${one.name}: the bits add up (${words.bits})`),
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Evidence"), element("td", { class: "bars", "aria-hidden": "true" }),
      element("th", { scope: "col", class: "number" }, "Bits"), element("th", { scope: "col", class: "number" }, "In all"))),
    element("tbody", {}, ...parts.map((part) => element("tr", {}, element("td", {}, part.sentence),
      bar(part.from, part.to, part.kind === "prior" ? "prior" : part.bits >= 0 ? "for" : "against"),
      element("td", { class: "number" }, signed(part.bits)), element("td", { class: "number" }, signed(part.to))))),
    element("tfoot", {}, element("tr", {}, element("th", { scope: "row" }, "Score"), bar(0, score, "score"),
      element("td", { class: "number" }), element("td", { class: "number" }, element("strong", {}, signed(score))))));
}

function monograph(text) {
  const numbers = new Map(text.citations.map((citation, place) => [citation.key, place + 1]));
  const weak = new Set(text.citations.filter((citation) => citation.kind === "web").map((citation) => citation.key));
  const said = (one) => {
    const keys = one.citations.filter((key) => numbers.has(key));
    const mark = one.citations.length && one.citations.every((key) => weak.has(key)) ? "*" : "";
    return element("li", {}, `${one.text} `, element("span", { class: "faint" }, `${keys.length ? `[${keys.map((key) => numbers.get(key)).join(", ")}]` : ""}${mark}`));
  };
  return element("details", {}, element("summary", {}, `Monograph: ${text.title}`),
    ...(data.monographNotes || []).map((note) => element("p", { class: "faint" }, note)),
    text.origin === "label" ? null : element("p", { class: "faint" }, text.reviewed ? `Reviewed: ${text.reviewed}.` : data.unreviewed),
    ...text.notes.map((note) => element("p", { class: "faint" }, note)),
    ...text.sections.flatMap((section) => [element("h3", {}, section.title), element("ul", {}, ...section.statements.map(said))]),
    element("h3", {}, "Sources"),
    element("ol", {}, ...text.citations.map((citation) => element("li", {}, cited({ ...citation, title: [citation.title, citation.date].filter(Boolean).join(", ") })))),
    weak.size ? element("p", { class: "faint" }, `* ${data.weak}`) : null);
}
