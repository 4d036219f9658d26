// The data of the page, elements made of text only, and what a row opens to.

const data = JSON.parse(document.getElementById("data").textContent);
const words = data.words;

/** An element; attributes that are null or false are left out, and text is only ever set as text. */
function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

function drawing(name, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function filled(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

function button(label, action, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", action);
  return made;
}

/** Show a dialog: `answer()` at its form's submission (undefined: it stays open), or null once it is closed without one.
 *  The answer is taken before the next key: a dialog's `close` event comes later, and a key between them went to the page. */
function asked(dialog, form, answer) {
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    const end = (value) => { dialog.close(); dialog.remove(); resolve(value); };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const value = answer();
      if (value !== undefined) end(value);
    });
    dialog.addEventListener("close", () => end(null));
  });
}

/** A source's title, as a link where it has an address that a browser opens as a page. */
function cited(source) {
  if (!source || !source.title) return null;
  if (!/^https?:\/\//.test(source.url)) return source.title;
  return element("a", { href: source.url, rel: "noreferrer noopener", target: "_blank" }, source.title);
}

const grouped = (number) => number.toLocaleString("en");
const counted = (number, one) => `${grouped(number)} ${one}${number === 1 ? "" : "s"}`;
/** ``TURN_OVER`` as words. */
const spoken = (code) => code.charAt(0) + code.slice(1).toLowerCase().replaceAll("_", " ");

/** What came of what was expected; null where nothing was. */
const truthOf = (cells) => (cells ? { harm: cells[0], agreement: data.texts[cells[1]] || "NOT_COMPARED", expected: data.texts[cells[2]], why: data.texts[cells[3]], next: data.texts[cells[4]] } : null);

// A line of the index (write.py, _Index) as a row.
const rows = (data.rows || []).map((cells, number) => {
  const text = (place) => data.texts[cells[place]];
  return {
    number, photo: cells[0], pill: cells[1], decision: text(2), name: text(3), sure: text(4), advice: text(5),
    probability: cells[6], imprint: text(7), errorKind: text(8), error: cells[9], alert: Boolean(cells[10]),
    key: cells[11], sha256: cells[12], view: cells[13], given: cells[14],
    own: (cells[15] || []).map((place) => data.texts[place]), truth: truthOf(cells[16]),
    doubt: cells[8] && text(8) ? 2 : 1 - cells[6],
  };
});

// Shards read lately stay, the others are read again: a browser must not hold 10,000 photos.
const SHARDS_KEPT = 80;
const shards = new Map();
const awaited = new Map();

window.pillprintShard = (stamp, number, views) => {
  awaited.get(number)?.(stamp === data.shards.stamp ? views : null);
  awaited.delete(number);
};

/** What a row opens to; null where it was made without, or its file is not there. */
async function viewOf(row) {
  return row.view < 0 ? null : placed(row.view, data.shards.rows, 0);
}

/** Puts the labels' pictures into a view that names their places (write.py, _with_labels). */
async function withLabels(view) {
  const named = (view?.candidates || []).map((one) => one.picture).filter((picture) => picture && !picture.src);
  await Promise.all(named.map(async (picture) => {
    picture.src = (await placed(picture.label, data.shards.labels, data.shards.count)) || "";
  }));
  return view;
}

/** What lies at a place of the shards that begin with ``first`` and hold ``size`` each. */
async function placed(place, size, first) {
  const number = first + Math.floor(place / size);
  const known = shards.get(number) || (data.shards.folder ? shardBeside(number) : shardInside(number));
  shards.delete(number);
  shards.set(number, known);
  if (shards.size > SHARDS_KEPT) shards.delete(shards.keys().next().value);
  const held = await known;
  if (!held) shards.delete(number);
  return held ? held[place % size] : null;
}

async function shardInside(number) {
  const place = () => document.getElementById(`shard-${number}`);
  if (!place() && document.readyState === "loading") {
    await new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));
  }
  return place() ? JSON.parse(place().textContent) : null;
}

const policy = data.shards?.folder && window.trustedTypes
  ? window.trustedTypes.createPolicy("pillprint", {
      createScriptURL: (address) => {
        if (!/^[^/:?#]+\/\d+\.js$/.test(address)) throw new TypeError("no shard of this page");
        return address;
      },
    })
  : { createScriptURL: (address) => address };

function shardBeside(number) {
  return new Promise((resolve) => {
    awaited.set(number, resolve);
    const script = element("script");
    script.src = policy.createScriptURL(`${encodeURIComponent(data.shards.folder)}/${number}.js`);
    script.addEventListener("error", () => { awaited.delete(number); resolve(null); });
    script.addEventListener("load", () => script.remove());
    document.head.append(script);
  });
}

/** A message that a screen reader tells too. */
const status = element("p", { role: "status", class: "status" });
function say(message) {
  status.textContent = message;
}
