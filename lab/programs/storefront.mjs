// storefront.mjs MODE [ARGUMENT]: a chatty Node job that syncs a shop.
import { setTimeout as sleep } from "node:timers/promises";

const [mode, argument] = process.argv.slice(2);
const log = (level, text, extra = {}) =>
  console.log(JSON.stringify({ level, time: new Date().toISOString(), msg: text, ...extra }));

for (let page = 1; page <= 20; page++) {
  log("info", `fetched page ${page} of 20`, { rows: 403, errors: 0, retries: 0 });
}

const modes = {
  async undefinedField() {
    const products = [{ sku: "A-1", price: { net: 3 } }, { sku: "A-2" }];
    return products.map((product) => product.price.net);
  },
  async module() {
    return import("@acme/pricing-rules");
  },
  async refused() {
    const answer = await fetch(`http://127.0.0.1:${argument}/graphql`);
    return answer.json();
  },
  async html() {
    const answer = await fetch(`${argument}/status/502`);
    log("warn", "answer", { status: answer.status, ok: answer.ok });
    return answer.json();
  },
  async heap() {
    const rows = [];
    for (;;) rows.push({ id: rows.length, text: "x".repeat(200) + rows.length });
  },
  async limited() {
    for (let attempt = 1; attempt <= 3; attempt++) {
      const answer = await fetch(`${argument}/status/429`);
      log("error", `attempt ${attempt} of 3`, { status: answer.status });
      await sleep(200);
      if (attempt === 3) throw new Error(`GraphQL request failed: ${(await answer.text())}`);
    }
  },
  async permission() {
    const { writeFile } = await import("node:fs/promises");
    await writeFile(`${argument}/export.json`, "{}");
  },
};

process.on("exit", (code) => {
  for (let line = 0; line < 40; line++) log("debug", `flush buffer ${line}`, { pending: 40 - line });
  log("info", "storefront sync ended", { code });
});

await modes[mode]();
log("info", "storefront sync done");
