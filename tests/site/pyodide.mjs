// The page's Python under node: questions come in, a line each, and answers go out.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

// The stack would begin with a megabyte of Pyodide.
process.on("uncaughtException", (error) => {
  console.error(error.message);
  process.exit(1);
});
const [, , modules, data, questions, answers] = process.argv;
const folder = join(modules, "pyodide");
const { loadPyodide } = await import(pathToFileURL(join(folder, "pyodide.mjs")));
const python = await loadPyodide({ indexURL: folder });
python.unpackArchive(new Uint8Array(readFileSync(join(data, "python.zip"))), "zip", { extractDir: "/app" });
python.globals.set("part", (name) => new Uint8Array(readFileSync(join(data, name))));
const answer = python.runPython(`
import sys
sys.path.insert(0, "/app")
from pytest_llem_invariants.cli.paged import start
start(lambda name: part(name).to_bytes())
`);
const lines = readFileSync(questions, "utf8").split("\n").filter(Boolean);
const began = performance.now();
writeFileSync(answers, lines.map((line) => `${answer(line)}\n`).join(""));
console.log(`${lines.length} answers, ${((performance.now() - began) / lines.length).toFixed(1)} ms each`);
