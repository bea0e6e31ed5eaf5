// The check itself: this package's own Python in WebAssembly. A question comes in, an answer goes out.
import { loadPyodide } from "../pyodide/pyodide.mjs";

const root = new URL("../", import.meta.url);

function part(name) {
  const request = new XMLHttpRequest(); // waits, as Python does: a class is read when a check comes to it
  request.open("GET", new URL(`data/${name}`, root), false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200) throw new Error(`${name} cannot be read`);
  return new Uint8Array(request.response);
}

async function start() {
  const [python, archive] = await Promise.all([
    loadPyodide({ indexURL: new URL("pyodide/", root).href }),
    fetch(new URL("data/python.zip", root)).then((answer) => answer.arrayBuffer()),
  ]);
  python.unpackArchive(archive, "zip", { extractDir: "/app" });
  python.globals.set("part", part);
  return python.runPython(`
import sys
sys.path.insert(0, "/app")
from pytest_llem_invariants.cli.paged import start
start(lambda name: part(name).to_bytes())
`);
}

const ready = start();
ready.then(() => postMessage({ ready: true }), (error) => postMessage({ failed: String(error) }));

onmessage = async ({ data }) => {
  const answer = await ready;
  postMessage({ number: data.number, answer: answer(data.asked) });
};
