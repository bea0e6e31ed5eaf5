// The search over all rules and the documentation: two files, read once; every key is answered from memory.
const up = document.documentElement.dataset.up;
const form = document.getElementById("search");
const query = document.getElementById("q");
const found = document.getElementById("found");
const count = document.getElementById("count");
const more = document.getElementById("more");
const documentation = document.getElementById("texts");
const results = document.getElementById("results");
const by = Object.fromEntries(["engine", "severity", "proof", "version", "class", "field"].map((name) => [name, document.getElementById(`by-${name}`)]));
const WORDS = { error: "error", warn: "warning", dormant: "ignored" };
const PAGE = 40;
const TEXTS = 6;
const NUMBERS = new Intl.NumberFormat("en");
NUMBERS.format(1_000); // the first takes longer than a search
const NOTHING = { filters: "", words: [] };
const [ENGINE, CLASS, SEVERITY, PROOF, VERSIONS, ID, WHEN, SAYS, FIELDS] = [0, 1, 2, 3, 4, 5, 6, 7, 8];

let lists = null;
let rules = [];
let texts = [];
let sections = [];
let hits = [];
let every = [];
let before = NOTHING;
let shown = 0;

async function load() {
  const [data, documents] = await Promise.all(["rules", "texts"].map((name) => fetch(`${up}data/${name}.json`).then((answer) => answer.json())));
  lists = data.lists;
  rules = data.rules;
  every = [...rules.keys()];
  texts = rules.map((rule) => `${lists.classes[rule[CLASS]]} ${rule[WHEN]} ${rule[SAYS]} ${rule[ID]}`.toLowerCase());
  sections = documents.map(([address, page, heading, text]) => ({ address, page, heading, head: heading.toLowerCase(), text: `${page} ${heading} ${text}`.toLowerCase() }));
  for (const name of lists.classes) by.class.append(new Option(name, name));
  document.getElementById("fields").append(...lists.fields.map((name) => new Option(name)));
  restore();
  form.hidden = false;
  search();
}

function search() {
  const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = {};
  wanted.engine = lists.engines.indexOf(by.engine.value);
  wanted.class = lists.classes.indexOf(by.class.value);
  wanted.severity = lists.severities.indexOf(by.severity.value);
  wanted.proof = lists.proofs.indexOf(by.proof.value);
  const version = lists.versions.indexOf(by.version.value);
  const asked = Object.entries({ engine: ENGINE, class: CLASS, severity: SEVERITY, proof: PROOF })
    .filter(([name]) => by[name].value)
    .map(([name, column]) => [column, wanted[name]]);
  const named = by.field.value.trim();
  const fields = named ? new Set(lists.fields.flatMap((name, at) => (name === named || name.endsWith(`.${named}`) ? [at] : []))) : null;
  const isAsked = words.length || asked.length || version >= 0 || fields;
  const filters = JSON.stringify([version, asked, named]);
  // Whoever writes on asks for less: then only what was found is looked through.
  const isLess = filters === before.filters && before.words.every((old) => words.some((word) => word.includes(old)));
  const among = isLess ? hits : every;
  hits = [];
  for (const at of isAsked ? among : []) {
    const rule = rules[at];
    if (version >= 0 && !(rule[VERSIONS] & (1 << version))) continue;
    if (!asked.every(([column, value]) => rule[column] === value)) continue;
    if (fields && !rule[FIELDS].some((at) => fields.has(at))) continue;
    if (words.every((word) => texts[at].includes(word))) hits.push(at);
  }
  before = isAsked ? { filters, words } : NOTHING;
  results.hidden = !isAsked;
  found.replaceChildren();
  shown = 0;
  count.textContent = isAsked ? `${NUMBERS.format(hits.length)} of ${NUMBERS.format(rules.length)} rules` : "";
  show();
  showTexts(asked.length || version >= 0 || fields ? [] : words);
}

// Sections of the documentation: those with the words in their heading first.
function showTexts(words) {
  const best = words.map(() => []).concat([[]]);
  for (const one of words.length ? sections : []) {
    if (!words.every((word) => one.text.includes(word))) continue;
    best[words.filter((word) => !one.head.includes(word)).length].push(one);
  }
  const shown = best.flat().slice(0, TEXTS);
  documentation.hidden = !shown.length;
  documentation.replaceChildren(...shown.map(({ address, page, heading }) => {
    const item = document.createElement("li");
    const way = element("a", heading || page);
    way.href = `${up}${address}`;
    item.append(way, " ", element("small", heading === page ? "" : page));
    return item;
  }));
}

function show() {
  const part = document.createDocumentFragment();
  for (const at of hits.slice(shown, shown + PAGE)) part.append(line(rules[at]));
  shown += PAGE;
  found.append(part);
  more.hidden = shown >= hits.length;
}

function line(rule) {
  const item = document.createElement("li");
  const severity = lists.severities[rule[SEVERITY]];
  const badge = element("span", WORDS[severity] ?? severity);
  badge.className = `badge ${severity}`;
  const mark = document.createElement("span");
  mark.append(badge);
  const way = element("a", rule[WHEN]);
  way.href = `${up}rules/${encodeURIComponent(lists.engines[rule[ENGINE]])}/${encodeURIComponent(rule[ID])}.html`;
  item.append(mark, way, element("small", [lists.classes[rule[CLASS]], rule[SAYS]].filter(Boolean).join(" · ")));
  return item;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

// The search is in the address, so that it can be sent.
function keep() {
  const state = new URLSearchParams();
  if (query.value) state.set("q", query.value);
  for (const [name, choice] of Object.entries(by)) if (choice.value) state.set(name, choice.value);
  history.replaceState(null, "", `${location.pathname}#${state}`);
}

function restore() {
  const state = new URLSearchParams(location.hash.slice(1));
  query.value = state.get("q") ?? new URLSearchParams(location.search).get("q") ?? "";
  for (const [name, choice] of Object.entries(by)) choice.value = state.get(name) ?? "";
}

form.addEventListener("input", () => { search(); keep(); });
form.addEventListener("submit", (event) => event.preventDefault());
more.addEventListener("click", show);
addEventListener("hashchange", () => { restore(); search(); });
addEventListener("keydown", (event) => {
  if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) {
    event.preventDefault();
    query.focus();
  }
});
load();
