// What the page shows: every text goes in as text, never as markup.
const SIGNS = { accepted: "✓", depends: "?", rejected: "✗", error: "!" };
const STYLES = { accepted: "accepted", depends: "warn", rejected: "error", error: "beyond" };
const WORDS = { error: "error", warn: "warning", dormant: "ignored" };
const at = (name) => document.getElementById(name);

function element(name, text, style) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (style) made.className = style;
  return made;
}

export function showVerdict(answers, said = "") {
  const box = at("verdict");
  box.replaceChildren();
  if (said) box.append(said);
  for (const answer of answers) {
    if (answer.error) {
      box.append(element("span", `${answer.version ? `${answer.version}: ` : ""}${answer.error}`, "chip note"));
      continue;
    }
    const seen = new Set();
    for (const one of answer.documents) {
      const told = `${SIGNS[one.status]} ${one.status} · ${one.engine} ${one.version} · certification ${one.certification}`;
      if (!seen.has(told)) box.append(element("span", told, `chip ${STYLES[one.status]}`));
      seen.add(told);
      for (const note of one.notes) box.append(element("span", note, "chip note"));
    }
  }
}

// The findings, each once: beside it the versions that have it, where several were asked.
export function showFindings(answers, { up, goTo, apply }) {
  const list = at("findings");
  const shown = new Map();
  for (const answer of answers) {
    (answer.findings ?? []).forEach((finding, number) => {
      const key = JSON.stringify([finding.severity, finding.head, finding.message, finding.if]);
      if (!shown.has(key)) shown.set(key, { ...finding, number, asked: answer.asked, versions: [] });
      shown.get(key).versions.push(answer.version);
    });
  }
  const findings = [...shown.values()];
  list.replaceChildren(...findings.map((one) => item(one, answers.length, { up, goTo, apply })));
  const depends = answers.flatMap((answer) => answer.depends ?? []);
  at("depends").replaceChildren(...[...new Set(depends)].map((line) => element("li", line)));
  return findings;
}

function item(finding, asked, { up, goTo, apply }) {
  const made = element("li", undefined, finding.if ? "open" : "");
  const head = element("p");
  head.append(element("span", finding.if ? "depends" : WORDS[finding.severity] ?? finding.severity, `badge ${finding.if ? "beyond" : finding.severity}`), " ");
  const place = element("button", `line ${finding.line}`, "place");
  place.type = "button";
  place.addEventListener("click", () => goTo(finding.line, finding.column));
  head.append(place, " ", element("code", finding.head));
  if (asked > 1) head.append(" ", element("small", `in ${finding.versions.join(", ")}`));
  made.append(head, element("p", finding.message, "says"));
  for (const more of finding.more) made.append(element("p", more, "says"));
  if (finding.if) made.append(element("p", `if ${finding.if}`, "says"));
  if (finding.fix) {
    const fix = element("p");
    fix.append(element("span", "fix", "label"), " ", finding.fix);
    made.append(fix);
  }
  if (finding.rule) {
    const why = element("p");
    const way = element("a", finding.where);
    way.href = `${up}rules/${encodeURIComponent(finding.engine)}/${encodeURIComponent(finding.rule)}.html`;
    why.append(element("span", "why", "label"), " ", way);
    if (finding.certification === "none") why.append(element("small", " read in the source, never proven"));
    made.append(why);
  }
  finding.offer = (edits) => {
    const row = element("p", undefined, "edits");
    for (const edit of edits) {
      const button = element("button", edit.title);
      button.type = "button";
      button.addEventListener("click", () => apply(edit));
      row.append(button);
    }
    made.append(row);
  };
  made.id = `finding-${finding.number}`;
  return made;
}

// Behind the text the same text, unseen, with its lines numbered and what was found underlined.
export function showMarks(box, text, findings) {
  const lines = text.split("\n").map((line, number) => {
    const row = element("div", undefined, "line");
    const here = findings.filter((one) => one.line === number + 1);
    const gravest = ["error", "warn", "dormant"].find((severity) => here.some((one) => !one.if && one.severity === severity));
    if (here.length) row.dataset.sign = gravest === "error" ? "✗" : gravest ? "!" : "?";
    if (here.length) row.classList.add(`has-${gravest ?? "open"}`);
    let done = 0;
    const places = new Map(here.map((one) => [one.column, one]));
    for (const [column, one] of [...places].sort((a, b) => a[0] - b[0])) {
      const begin = Math.max(column - 1, done);
      const end = Math.min(begin + one.length, line.length);
      if (end <= begin) continue;
      const mark = element("mark", line.slice(begin, end), one.if ? "open" : one.severity);
      mark.title = here.filter((other) => other.column === column).map((other) => other.message).join("\n");
      mark.addEventListener("click", () => at(`finding-${one.number}`)?.scrollIntoView({ block: "nearest" }));
      row.append(line.slice(done, begin), mark);
      done = end;
    }
    row.append(line.slice(done) || (done ? "" : "\u200b"));
    return row;
  });
  box.replaceChildren(...lines);
}

export function showGrid(box, versions, gpus, cells, count) {
  const table = element("table", undefined, "grid");
  const head = table.createTHead().insertRow();
  for (const name of [`${count || 1} ×`, ...versions]) {
    const cell = element("th", name);
    cell.scope = "col";
    head.append(cell);
  }
  const body = table.createTBody();
  for (const gpu of gpus) {
    const row = body.insertRow();
    const name = element("th", gpu);
    name.scope = "row";
    row.append(name);
    for (const version of versions) {
      const found = cells.find((one) => one.gpu === gpu && one.version === version);
      const way = element("a", `${SIGNS[found.status] ?? "!"} ${found.status}`, `chip ${STYLES[found.status] ?? "beyond"}`);
      way.href = found.address;
      row.insertCell().append(way);
    }
  }
  box.replaceChildren(table);
}
