// Chromium reads the site as a person would; every step is a line of JSON: what was seen, for pytest to judge.
import { chromium } from "playwright-core";
import { readFileSync } from "node:fs";

const [, , base, browser, axePath] = process.argv;
const axe = axePath ? readFileSync(axePath, "utf8") : "";
const seen = {};
const problems = [];
const hosts = new Set();
const opened = await chromium.launch({ executablePath: browser, args: ["--no-sandbox"] });

async function page(path, { width = 1200, scheme = "light", javaScriptEnabled = true } = {}) {
  const context = await opened.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, javaScriptEnabled, reducedMotion: "reduce" });
  const made = await context.newPage();
  made.on("console", (message) => message.type() === "error" && problems.push(`${path}: ${message.text()}`));
  made.on("pageerror", (error) => problems.push(`${path}: ${error.message}`));
  made.on("dialog", (dialog) => { problems.push(`${path}: a script ran: ${dialog.message()}`); dialog.dismiss(); });
  made.on("request", (request) => hosts.add(new URL(request.url()).host));
  await made.goto(base + path);
  return made;
}

async function verdict(made, text, asked = {}) {
  for (const [name, value] of Object.entries(asked)) await made.selectOption(`#${name}`, value);
  const before = Date.now();
  await made.fill("#text", text);
  await made.waitForFunction(() => document.querySelector("#verdict .chip"), null, { timeout: 120_000 });
  await made.waitForTimeout(250);
  return { said: await made.textContent("#verdict"), took: Date.now() - before };
}

// Check: typed and read, a fix applied, the state in the address restored.
const first = await page("index.html");
await first.waitForSelector("#ask:not([hidden])");
seen.first = await verdict(first, "vllm serve m --tensor-parallel-size 0 --gpu-memory-utilization 1.5");
seen.findings = await first.$$eval("#findings li .says", (all) => all.map((one) => one.textContent));
seen.marks = await first.$$eval("#marks mark", (all) => all.map((one) => one.textContent));
seen.painted = await first.evaluate(() => performance.getEntriesByType("paint").map((one) => one.startTime));
// The next page takes up what the first one kept; what is damaged is begun anew.
const ASKED = "vllm serve m --tensor-parallel-size 0 --gpu-memory-utilization 1.5";
async function beside(damage) {
  if (damage) await first.evaluate(async () => { for (const name of await caches.keys()) for (const key of await (await caches.open(name)).keys()) await (await caches.open(name)).put(key, new Response("damaged")); });
  const made = await first.context().newPage();
  const began = Date.now();
  await made.goto(base + "index.html");
  await made.waitForSelector("#ask:not([hidden])");
  await made.fill("#text", ASKED);
  await made.waitForFunction(() => document.querySelector("#verdict .chip"), null, { timeout: 120_000 });
  const took = Date.now() - began;
  const said = await made.textContent("#verdict");
  await made.waitForFunction(async () => {
    for (const name of await caches.keys()) {
      const kept = await caches.open(name);
      for (const key of await kept.keys()) if ((await (await kept.match(key)).arrayBuffer()).byteLength > 1e6) return true;
    }
    return false;
  }, null, { timeout: 60_000 });
  await made.close();
  return { took, said };
}
await beside(false); // whatever the first one has not yet put there
seen.warm = await beside(false);
seen.damaged = await beside(true);
await first.waitForSelector(".edits button", { timeout: 60_000 });
seen.edits = await first.$$eval(".edits button", (all) => all.map((one) => one.textContent));
await first.click(".edits button");
await first.waitForFunction(() => !document.querySelector("#verdict")?.textContent.includes("rejected") || document.querySelectorAll("#findings li").length < 3);
seen.applied = await first.inputValue("#text");
await verdict(first, "model: m\ntensor-parallel-size: 0\n", { engine: "vllm" });
await first.waitForTimeout(300);
const address = first.url();
const again = await page(`index.html${new URL(address).hash}`);
await again.waitForFunction(() => document.querySelector("#verdict .chip"), null, { timeout: 120_000 });
seen.restored = { text: await again.inputValue("#text"), engine: await again.inputValue("#engine"), said: await again.textContent("#verdict") };
await first.selectOption("#engine", "transformers");
for (const version of await first.$$eval("#versions input", (all) => all.slice(0, 2).map((one) => one.value))) await first.check(`#versions input[value="${version}"]`);
await first.fill("#text", "max_new_tokens: 0\n");
await first.waitForFunction(() => document.querySelectorAll("#verdict .chip").length === 2 && document.querySelector("#findings small"));
seen.several = await first.$$eval("#findings small", (all) => all.map((one) => one.textContent));
await first.click("#all summary");
await first.waitForSelector("#grid a", { timeout: 60_000 });
seen.grid = await first.$$eval("#grid a", (all) => all.map((one) => one.textContent));
await first.click("#all summary");
for (const box of await first.$$("#versions input:checked")) await box.uncheck();
const evil = `<img src=x onerror=alert(1)>"'><script>alert(2)</script>`;
seen.evil = (await verdict(first, `model: ${JSON.stringify(evil)}\ndtype: ${JSON.stringify(evil)}\n${JSON.stringify(evil)}: 1\n`, { engine: "vllm" })).said;
seen.evilMarkup = await first.$$eval("main img, main script", (all) => all.length);
const calm = problems.length;
await first.fill("#text", "[".repeat(20_000));
await first.waitForFunction(() => /nest/.test(document.getElementById("verdict").textContent), null, { timeout: 60_000 });
seen.deep = await first.textContent("#verdict");
await verdict(first, "model: m\ntensor-parallel-size: 0\n");
problems.splice(calm, problems.length, ...problems.slice(calm).filter((one) => !/fatal error|call stack size/.test(one)));
const times = [];
for (let number = 1; number <= 5; number += 1) {
  times.push(await first.evaluate(async (count) => {
    const text = document.getElementById("text");
    const findings = document.getElementById("json");
    const began = performance.now();
    const changed = new Promise((resolve) => new MutationObserver(resolve).observe(findings, { childList: true, characterData: true, subtree: true }));
    text.value = `model: m\ntensor-parallel-size: ${-count}\n`;
    text.dispatchEvent(new Event("input", { bubbles: true }));
    await changed;
    return performance.now() - began - 120; // the page waits so long for the next key
  }, number));
}
seen.later = times.sort((a, b) => a - b)[2];

// Search: every key is answered at once.
const search = await page("rules/index.html");
await search.waitForSelector("#search:not([hidden])");
seen.keys = await search.evaluate(() => {
  const query = document.getElementById("q");
  const took = [];
  for (const text of ["t", "te", "ten", "tens", "tenso", "tensor", "tensor p", "tensor_parallel_size"]) {
    query.value = text;
    const began = performance.now();
    query.dispatchEvent(new Event("input", { bubbles: true }));
    took.push(performance.now() - began);
  }
  return { most: Math.max(...took), found: document.querySelectorAll("#found li").length, count: document.getElementById("count").textContent };
});
seen.field = await search.evaluate(() => {
  document.getElementById("q").value = "";
  document.getElementById("by-field").value = "tensor_parallel_size";
  document.getElementById("search").dispatchEvent(new Event("input", { bubbles: true }));
  return [...document.querySelectorAll("#found li a")].map((way) => way.textContent);
});
// One search, reached from every page, over the documentation too.
const docs = await page("docs/index.html");
await docs.fill(".seek input", "pre-commit hooks");
await docs.press(".seek input", "Enter");
await docs.waitForSelector("#texts a");
seen.texts = await docs.$$eval("#texts a", (all) => all.map((one) => one.getAttribute("href")));
await docs.click("#texts a");
await docs.waitForSelector("main.text");
seen.text = docs.url();
const plain = await page("rules/index.html", { javaScriptEnabled: false });
seen.plain = (await plain.$$("main table a")).length;

// Three widths, both themes: nothing runs over, nothing that axe finds.
seen.wide = [];
seen.axe = [];
const rule = await search.$eval("#found li a", (way) => way.getAttribute("href").replace("../", ""));
for (const path of [`index.html${new URL(address).hash}`, "rules/index.html", rule, "versions/index.html", "coverage/index.html", "fields/index.html", "matrix/index.html", "docs/index.html", "docs/reference/cli.html"]) {
  for (const [width, scheme] of [[360, "light"], [800, "dark"], [1400, "light"]]) {
    const made = await page(path, { width, scheme });
    if (path.startsWith("index")) await made.waitForSelector("#verdict .chip", { timeout: 120_000 });
    const over = await made.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) seen.wide.push(`${path} at ${width}: ${over} px over`);
    if (axe && width < 1400) {
      const source = axe;
      const cdp = await made.context().newCDPSession(made);
      await cdp.send("Page.setBypassCSP", { enabled: true });
      await made.evaluate(source);
      const found = await made.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
      seen.axe.push(...found.violations.map((one) => `${path.slice(0, 30)} ${width} ${scheme}: ${one.id}: ${one.nodes[0].html.slice(0, 160)}`));
    }
    await made.context().close();
  }
}

// Keyboard: from the first key on everything is reached in turn.
const keys = await page("index.html");
await keys.waitForSelector("#ask:not([hidden])");
const order = [];
for (let number = 0; number < 20; number += 1) {
  await keys.keyboard.press("Tab");
  order.push(await keys.evaluate(() => document.activeElement.id || document.activeElement.textContent.trim().slice(0, 20)));
}
seen.order = order;
seen.hosts = [...hosts];
seen.problems = problems;
await opened.close();
console.log(JSON.stringify(seen));
