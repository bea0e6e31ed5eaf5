// Screenshots of a small site, each held beside the kept one: how much of the picture is another.
import { chromium } from "playwright-core";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [, , base, browser, kept, out, asked] = process.argv;
const PAGES = JSON.parse(asked);
const VIEWS = [[360, "light"], [800, "dark"], [1400, "light"]];
const opened = await chromium.launch({ executablePath: browser, args: ["--no-sandbox", "--font-render-hinting=none"] });
const drawing = await (await opened.newContext()).newPage();
const differ = {};

// A picture in cells of 8 × 8 pixels, as a small PNG: letters of another font hardly show, another layout does.
async function cells(png) {
  return drawing.evaluate(async (data) => {
    const image = await createImageBitmap(await (await fetch(data)).blob());
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.ceil(image.width / 8), Math.ceil(image.height / 8)];
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/png");
  }, `data:image/png;base64,${png.toString("base64")}`);
}

async function share(one, other) {
  return drawing.evaluate(async (both) => {
    const [first, second] = await Promise.all(both.map(async (data) => {
      const image = await createImageBitmap(await (await fetch(data)).blob());
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [image.width, image.height];
      const context = canvas.getContext("2d");
      context.drawImage(image, 0, 0);
      return context.getImageData(0, 0, image.width, image.height);
    }));
    if (first.width !== second.width || first.height !== second.height) return 1;
    let other = 0;
    for (let at = 0; at < first.data.length; at += 4) {
      const far = Math.max(...[0, 1, 2].map((part) => Math.abs(first.data[at + part] - second.data[at + part])));
      if (far > 40) other += 1;
    }
    return other / (first.data.length / 4);
  }, [one, other]);
}

for (const [name, { path, text }] of Object.entries(PAGES)) {
  for (const [width, scheme] of VIEWS) {
    const context = await opened.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, reducedMotion: "reduce" });
    const made = await context.newPage();
    await made.goto(base + path, { waitUntil: "networkidle" });
    if (text) {
      await made.waitForSelector("#ask:not([hidden])");
      await made.fill("#text", text);
      await made.waitForSelector("#findings li", { timeout: 60_000 });
      await made.waitForTimeout(300);
    }
    const small = await cells(await made.screenshot());
    const file = `${name}-${width}-${scheme}.png`;
    writeFileSync(join(out, file), Buffer.from(small.split(",")[1], "base64"));
    const before = join(kept, file);
    differ[file] = existsSync(before) ? await share(small, `data:image/png;base64,${readFileSync(before).toString("base64")}`) : 1;
    await context.close();
  }
}
await opened.close();
console.log(JSON.stringify(differ));
