// The page's Python under node: questions come in, a line each, and answers go out, half of them from memory that was kept.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

// The stack would begin with a megabyte of Pyodide.
process.on("uncaughtException", (error) => {
  console.error(error.message);
  process.exit(1);
});
const [, , modules, assets, data, questions, answers] = process.argv;
const folder = join(modules, "pyodide");
const { loadPyodide } = await import(pathToFileURL(join(folder, "pyodide.mjs")));
const { begin, resume } = await import(pathToFileURL(join(assets, "python.mjs")));
const archive = new Uint8Array(readFileSync(join(data, "python.zip")));
const part = (name) => new Uint8Array(readFileSync(join(data, name)));
const lines = readFileSync(questions, "utf8").split("\n").filter(Boolean);
let memory = null;

async function timed(name, work) {
  const began = performance.now();
  const made = await work();
  console.log(`${name}: ${((performance.now() - began)).toFixed(0)} ms`);
  return made;
}

const begun = await timed("begun", () => begin(loadPyodide, folder, archive, part, (kept) => { memory = kept; }));
const resumed = await timed("resumed", () => resume(loadPyodide, folder, archive, part, memory));
const said = await timed(`${lines.length} answers`, () => lines.map((line, at) => `${(at % 2 ? resumed : begun)(line)}\n`));
writeFileSync(answers, said.join(""));
