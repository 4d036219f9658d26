// The catalog's search (reference/search/tiers.py), for the tablets in the page. A test asks both the same.

const BREAK = new RegExp(`[^${words.characters}${words.signs.replace("-", "\\-")}]+`);
const alikeOf = new Map(words.lookAlikes.flatMap((group) => [...group].map((one) => [one, group[0]])));
const isCharacter = (one) => words.characters.includes(one);

const plainWord = (word) => [...word].filter(isCharacter).join("");
const alikeKey = (word) => [...plainWord(word)].map((one) => alikeOf.get(one) || one).join("");

function turned(word) {
  const signs = [...plainWord(word)].reverse().map((one) => words.upsideDown[one]);
  return signs.includes(undefined) ? null : alikeKey(signs.join(""));
}

function tokensOf(text) {
  const capitals = text.normalize("NFKD").replace(/\p{M}/gu, "").replaceAll("\u2044", "/").toUpperCase();
  return capitals.split(BREAK).filter((word) => [...word].some(isCharacter));
}

function askedWords(text) {
  const parts = text.replace(/\blogo\b/gi, " ").split(/[\s;]+/).filter(Boolean);
  return parts.flatMap((part) => (/[*?]/.test(part) ? wildcard(part) : tokensOf(part))).filter((word) => /[^*]/.test(word));
}

const wildcard = (part) => [part.toUpperCase().replace(/[^0-9A-Z/\-+.&*?]/g, "").replace(/\*+/g, "*")];

let index = null;
/** The tablets by words: made when the first is searched. */
function tabletIndex() {
  if (index) return index;
  const tokens = new Map();
  const tablets = data.catalog.tablets.map(([imprint, drug, strength, id]) => {
    const own = imprint ? imprint.split(";") : [];
    for (const token of own) {
      if (!tokens.has(token)) tokens.set(token, { plain: plainWord(token), alike: alikeKey(token), turned: turned(token) });
    }
    return { tokens: own, drug, strength, id, named: `${drug} ${strength}`.toLowerCase() };
  });
  index = { tokens, tablets };
  return index;
}

/** How each token agrees with a word, as Tier has it: 1 equal, 2 wildcard, 3 prefix, 4 part, 5 look-alike, 6 turned. */
function levels(word) {
  const found = new Map();
  const alike = alikeKey(word);
  const pattern = /[*?]/.test(word)
    ? new RegExp(`^${word.replace(/[/\-+.&]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".")}$`)
    : null;
  for (const [token, forms] of tabletIndex().tokens) {
    const level = pattern ? (pattern.test(token) ? 2 : 0)
      : token === word ? 1 : token.startsWith(word) ? 3 : token.includes(word) ? 4
      : forms.alike === alike || (alike.length >= 3 && forms.alike.includes(alike)) ? 5
      : forms.turned === alike ? 6 : 0;
    if (level) found.set(token, level);
  }
  return found;
}

function levelOf(tokens, ofWords) {
  let worst = 0;
  for (const found of ofWords) {
    const best = Math.min(...tokens.map((token) => found.get(token) || 9));
    worst = Math.max(worst, best);
  }
  return worst < 9 ? worst : null;
}

/** Whether some of the tokens, all where ``whole``, each used once, make up the text. */
function tiled(text, tokens, whole) {
  if (!text) return !whole || !tokens.some(Boolean);
  return tokens.some((token, at) => token && text.startsWith(token)
    && tiled(text.slice(token.length), tokens.toSpliced(at, 1), whole));
}

function orders(list) {
  if (list.length < 2) return [list];
  return list.flatMap((one, at) => orders(list.toSpliced(at, 1)).map((rest) => [one, ...rest]));
}

/** Whether words and tokens give the same text in some order each. */
function sameText(asked, plain) {
  const letters = (list) => [...list.join("")].sort().join("");
  if (letters(asked) !== letters(plain)) return false;
  if (Math.max(asked.length, plain.length) > 5) return [...asked].sort().join(";") === [...plain].sort().join(";");
  return orders(asked).some((order) => tiled(order.join(""), plain, true));
}

/** The tablets whose imprint agrees with what a person typed, or whose drug does, best first: ``[tier, tablet]``. */
function searched(text, most) {
  const asked = askedWords(text);
  const { tablets } = tabletIndex();
  const found = tablets.map((tablet) => [asked.length ? tierOf(tablet, asked) : null, tablet]);
  const named = text.trim().toLowerCase();
  const byName = (tablet) => named.length > 2 && tablet.named.includes(named);
  return found
    .filter(([tier, tablet]) => tier !== null || byName(tablet))
    .map(([tier, tablet]) => [tier === null ? "name" : words.tiers[tier], tablet, tier ?? 3.5])
    .sort((one, other) => one[2] - other[2] || one[1].tokens.join("").length - other[1].tokens.join("").length)
    .slice(0, most);
}

let levelsAsked = { key: null };
function tierOf(tablet, asked) {
  const key = asked.join(" ");
  if (levelsAsked.key !== key) {
    const parted = asked.flatMap((word) => (/[*?]/.test(word) ? [word] : word.split(/[/\-+.&]/).filter(Boolean)));
    levelsAsked = { key, whole: asked.map(levels), parted: parted.join(" ") === key ? null : parted.map(levels) };
  }
  if (!tablet.tokens.length) return null;
  const found = [levelsAsked.whole, levelsAsked.parted].filter(Boolean).map((each) => levelOf(tablet.tokens, each));
  let tier = Math.min(...found.map((each) => each ?? 9));
  const unsure = asked.some((word) => /[*?]/.test(word));
  const plain = [...new Set(tablet.tokens)].map(plainWord);
  const spelled = asked.map(plainWord);
  const text = spelled.join("");
  if (!unsure && text.length > 1 && text.length <= 24
      && (sameText(spelled, plain) || sameText([...new Set(spelled)], plain) || isTiled(text, plain))) tier = 1;
  if (tier === 1 && (sameText(spelled, plain) || sameText([...new Set(spelled)], plain))) tier = 0;
  return tier < 9 ? tier : null;
}

const isTiled = (text, plain) => plain.filter((token) => token.length > 1 && text.includes(token)).length > 1
  && tiled(text, plain, false);
