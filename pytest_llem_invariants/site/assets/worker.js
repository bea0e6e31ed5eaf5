// The check itself. A question comes in, an answer goes out.
import { loadPyodide } from "../pyodide/pyodide.mjs";
import { begin, resume } from "./python.mjs";

const root = new URL("../", import.meta.url);
const python = new URL("pyodide/", root).href;
const digest = self.name; // of all that an answer hangs on: another site is another memory

function part(name) {
  const request = new XMLHttpRequest(); // waits, as Python does: a class is read when a check comes to it
  request.open("GET", new URL(`data/${name}`, root), false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200) throw new Error(`${name} cannot be read`);
  return new Uint8Array(request.response);
}

// Where a browser keeps something for this site, the memory of a begun Python is kept there: the next page begins with it.
async function shelf() {
  try {
    return digest ? await caches.open(`memory of ${root.pathname}`) : null;
  } catch {
    return null;
  }
}

const place = new URL(`data/memory-${digest}`, root).href;

async function resumed(kept, archive) {
  try {
    const found = await kept?.match(place);
    return found ? await resume(loadPyodide, python, archive, part, new Uint8Array(await found.arrayBuffer())) : null;
  } catch {
    await kept.delete(place).catch(() => false);
    return null;
  }
}

async function keep(kept, memory) {
  try {
    for (const old of await kept.keys()) await kept.delete(old);
    await kept.put(place, new Response(memory));
  } catch {
    // no room: the next page begins anew
  }
}

async function start() {
  const archive = fetch(new URL("data/python.zip", root)).then((answer) => answer.arrayBuffer());
  const kept = await shelf();
  return (await resumed(kept, archive)) ?? begin(loadPyodide, python, archive, part, kept && ((memory) => keep(kept, memory)));
}

let ready = null;

function restart() {
  ready = start();
  ready.then(() => postMessage({ ready: true }), (error) => postMessage({ failed: String(error) }));
}

restart();

onmessage = async ({ data }) => {
  const answer = await ready;
  let said = "";
  try {
    said = answer(data.asked);
  } catch {
    // Python answers whatever goes wrong in it; what is too deep for the stack around it ends it.
    said = JSON.stringify({ error: "the text cannot be checked in this page: it nests too deeply, or is too large" });
    restart();
  }
  postMessage({ number: data.number, answer: said });
};
