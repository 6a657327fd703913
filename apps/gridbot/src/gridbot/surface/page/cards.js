// The cards around the ladder: verdict, figures, positions, streams, alerts, fills, orders.
import {
  MODES, RANKS, age, at, cause, clock, draw, element, money, nothing, number, price, say,
  scopeWords, signed, table, tone, words,
} from "/texts.js";

const VERDICTS = {
  trading: ["good", "Trading"],
  starting: ["idle", "Starting"],
  restricted: ["warn", "Restricted"],
  paused: ["warn", "Paused by the operator"],
  halted: ["bad", "Halted"],
};

const worst = (modes) => modes.reduce((found, one) => Math.max(found, RANKS.indexOf(one.mode)), 0);

export const lamp = (health) => VERDICTS[health][0];

export function showVerdict(account) {
  const [kind, name] = VERDICTS[account.health];
  const rank = worst(account.modes);
  const down = account.streams.filter((one) => !one.up);
  at("status").dataset.tone = kind;
  let headline = name;
  if (account.health === "restricted" && rank) headline = MODES[RANKS[rank]];
  if (account.health === "paused" && rank > 1) headline = `${MODES[RANKS[rank]]}, by the operator`;
  if (account.health === "halted") headline = MODES[RANKS[rank]];
  say("headline", headline);
  say("reason", reasonOf(account, rank, down));
  draw("modes", account.modes.map((one) => [one.scope, one.mode, one.cause, one.ended_by, age(one.age_us)]), (rows) =>
    rows.map(([scope, mode, why, endedBy, since]) => {
      const line = element("li", RANKS.indexOf(mode) >= 3 ? "bad" : "warn");
      line.append(
        element("strong", "", MODES[mode]),
        element("span", "", cause(why)),
        element("span", "muted", `${scopeWords(scope)}${since ? `, for ${since}` : ""}`),
        element("span", "muted", `ends with ${endedBy}`),
      );
      return line;
    }));
}

export function showOrgans(state) {
  const rows = [...state.faults.map((text) => ["bad", text]), ...state.warnings.map((text) => ["warn", text])];
  draw("organs", rows, () => rows.map(([kind, text]) => {
    const line = element("li", kind);
    line.append(element("strong", "", kind === "bad" ? "Broken" : "Trouble"), element("span", "", text));
    return line;
  }));
}

function reasonOf(account, rank, down) {
  if (down.length) return `No word from ${down.map((one) => one.name).join(", ")}`;
  if (rank) return `${account.modes.length === 1 ? "One condition stands" : `${account.modes.length} conditions stand`}; ${account.open_orders} orders rest`;
  if (!account.ready) return "Everything is compared with the exchange before anything is opened";
  return `Every stream is up, belief and exchange agree, ${account.open_orders} orders rest`;
}

export function showFigures(account) {
  const most = account.strategies.reduce((sum, one) => sum + one.orders_max, 0);
  const distance = account.liquidation_distance_pct;
  const near = distance !== null && Number(distance) < 10;
  const fees = Number(account.ledger.fee) + Number(account.ledger.funding);
  const value = account.strategies.flatMap((one) => one.positions).reduce((sum, leg) => sum + Number(leg.value || 0), 0);
  const share = account.equity === null ? "" : `${number((100 * value) / Number(account.equity), 0)} % of equity in positions`;
  const rows = [
    ["Equity", money(account.equity), "", "USDT, unrealised included"],
    ["Profit today", signed(account.profit_today), tone(account.profit_today), "UTC day, after fees and funding"],
    ["Unrealised", signed(account.unrealised), tone(account.unrealised), share],
    ["Balance", money(account.balance), "", `all time: ${signed(account.ledger.realised)} realised, ${signed(fees)} costs`],
    ["Orders", `${account.open_orders}`, "", `of ${most} at most`],
    ["To liquidation", distance === null ? "none" : `${number(distance, 1)} %`, near ? "loss" : "", distance === null ? "no liquidation price" : "of the nearest leg"],
  ];
  draw("figures", rows, (figures) => figures.map(([label, shown, kind, more]) => {
    const made = element("div");
    made.append(element("dt", "", label), element("dd", kind, shown), element("dd", "more", more));
    return made;
  }));
}

function meter(distance) {
  const made = element("span", "meter");
  const bar = element("i", Number(distance) < 10 ? "loss" : Number(distance) < 25 ? "warn" : "gain");
  bar.style.width = `${Math.max(0, Math.min(100, Number(distance)))}%`;
  made.append(bar);
  return made;
}

function liquidationOf(leg, tick) {
  if (!leg.known) return "unknown";
  if (leg.liquidation === "none") return "none";
  return leg.liquidation === null ? "unknown" : price(leg.liquidation, tick);
}

export function showPositions(strategy, now_us) {
  const rows = strategy.positions.map((leg) => [leg, age(leg.seen_us === null ? null : now_us - leg.seen_us), strategy.severity[leg.direction]]);
  draw("positions", [strategy.symbol, rows, strategy.denied], () => rows.map(([leg, seen, severity]) => {
    const made = element("div", `leg ${leg.direction}`);
    const head = element("p", "leg-head");
    head.append(
      element("strong", "", leg.direction === "long" ? "Long" : "Short"),
      element("span", "size", !leg.known ? "unknown" : Number(leg.qty) === 0 ? "flat" : leg.qty),
      element("span", `profit ${tone(leg.unrealised)}`, Number(leg.qty) ? signed(leg.unrealised) : ""),
    );
    made.append(head);
    if (severity !== "none") made.append(element("p", `badge ${severity === "emergency" ? "bad" : "warn"}`, `liquidation: ${severity}`));
    if (!Number(leg.qty)) {
      made.append(element("p", "muted small", leg.known ? `reported ${seen} ago` : "nothing is opened until it is known"));
      return made;
    }
    const facts = element("dl", "facts");
    for (const [label, shown] of [
      ["Entry", price(leg.entry, strategy.tick_size)],
      ["Value", money(leg.value)],
      ["Liquidation", liquidationOf(leg, strategy.tick_size)],
      ["Reported", `${seen} ago`],
    ]) {
      const fact = element("div");
      fact.append(element("dt", "", label), element("dd", "", shown));
      facts.append(fact);
    }
    made.append(facts);
    if (leg.distance_pct !== null) {
      made.append(meter(leg.distance_pct), element("p", "muted small", `${number(leg.distance_pct, 1)} % away from liquidation`));
    }
    return made;
  }).concat(heldBack(strategy)));
}

// Orders that the grid wants and a gate denies, with the gate's reason.
function heldBack(strategy) {
  if (!strategy.denied.length) return [];
  const made = element("div", "held-back small");
  made.append(element("p", "label", "Held back"));
  for (const one of strategy.denied) {
    made.append(element("p", "", `${one.direction} ${one.side} from ${price(one.price, strategy.tick_size)}: ${words(one.reason)}`));
  }
  return [made];
}

export function showStreams(account) {
  const rows = account.streams.map((one) => [one.name, one.up, one.age_us === null ? "nothing yet" : one.age_us < 2e6 ? "now" : `${age(one.age_us)} ago`]);
  draw("streams", rows, () => rows.map(([name, up, heard]) => {
    const line = element("li", up ? "good" : "bad");
    line.append(element("i", "lamp"), element("span", "", name), element("span", "muted end", up ? heard : `down, heard ${heard}`));
    return line;
  }));
}

// What a later alert says to be over must not look as if it stood: " (over…)", or null.
function lasted(alerts, index) {
  const { event, fields } = alerts[index];
  const ends = { mode_asked: "mode_ended", reconcile_begun: "reconciled" }[event];
  const same = ["scope", "cause", "symbol"];
  const end = ends && alerts.slice(index + 1).find((one) => one.event === ends && same.every((name) => one.fields[name] === fields[name]));
  if (!end) return null;
  return end.fields.after_s === undefined ? " (done)" : ` (over after ${age(Number(end.fields.after_s) * 1e6)})`;
}

// Changes of mode are what alerts mostly are: they are told in whole words.
function toldOf(event, fields) {
  if (event === "mode_asked") return [MODES[fields.mode], `${cause(fields.cause)} · ${scopeWords(fields.scope)} · ends with ${fields.ended_by}`];
  if (event === "mode_ended") {
    const lasted = fields.after_s ? ` after ${age(Number(fields.after_s) * 1e6)}` : "";
    return [`${MODES[fields.mode]}: over${lasted}`, `${cause(fields.cause)} · ${scopeWords(fields.scope)}`];
  }
  return [words(event), Object.entries(fields).map(([name, value]) => `${words(name)} ${value}`).join(" · ")];
}

export function showAlerts(account, every, now_us) {
  const rows = account.alerts
    .map((one, index) => [one.severity, one.event, one.fields, one.count, clock(one.at_us), age(now_us - one.at_us), lasted(account.alerts, index)])
    .filter(([severity]) => every || severity !== "info")
    .reverse();
  if (!rows.length) {
    draw("alerts", [], () => [element("li", "muted", every ? "Nothing was told yet." : "No warnings.")]);
    return;
  }
  draw("alerts", rows, () => rows.map(([severity, event, fields, count, time, since, over]) => {
    const line = element("li", over === null ? severity : "past");
    const head = element("p", "line-head");
    const [title, text] = toldOf(event, fields);
    head.append(element("strong", "", title + (count > 1 ? ` ×${count}` : "") + (over ?? "")), element("time", "muted end", `${since} ago`));
    head.lastChild.title = time;
    line.append(head, element("p", "muted small", text));
    return line;
  }));
}

export function showFills(account, strategies) {
  const ticks = new Map(strategies.map((one) => [one.symbol, one.tick_size]));
  const rows = account.fills.slice(-40).reverse();
  draw("fills", rows.map((one) => one.exec_id), () => {
    if (!rows.length) return [nothing("Nothing was filled yet.")];
    const heads = [["Time", ""], ["Symbol", "wide"], ["Leg", ""], ["Side", ""], ["Price", "n"], ["Size", "n"], ["Realised", "n"], ["Fee", "n wide"]];
    return [table(heads, rows.map((one) => [
      [clock(one.at_us), "nowrap"], [one.symbol, "wide"], [one.direction, ""],
      [one.side, one.side === "Buy" ? "buy" : "sell"], [price(one.price, ticks.get(one.symbol)), "n"],
      [one.qty, "n"], [Number(one.realised) ? signed(one.realised) : "", `n ${tone(one.realised)}`], [number(one.fee, 4), "n wide"],
    ]))];
  });
}

export function showOrders(strategy, now_us) {
  const rows = [...strategy.orders].sort((a, b) => Number(b.price) - Number(a.price));
  say("orders-title", `Orders of ${strategy.symbol} (${rows.length})`);
  draw("orders", rows.map((one) => [one.order_id, one.leaves, one.state, age(now_us - one.sent_us)]), () => {
    if (!rows.length) return [nothing("No order rests.")];
    const heads = [["Price", "n"], ["Leg", ""], ["Side", ""], ["", ""], ["Left", "n"], ["State", ""], ["Age", "n wide"]];
    return [table(heads, rows.map((one) => [
      [price(one.price, strategy.tick_size), "n"], [one.direction, ""], [one.side, one.side === "Buy" ? "buy" : "sell"],
      [one.opens ? "opens" : "closes", "muted"], [one.leaves, "n"],
      [words(one.state), one.state === "uncertain" ? "loss" : ""], [age(now_us - one.sent_us), "n wide"],
    ]))];
  });
}

export function showDayTable(days) {
  const rows = days.slice(-7).reverse();
  draw("day-table", rows, () => {
    if (!rows.length) return [];
    const heads = [["Day", ""], ["Realised", "n"], ["Fees", "n"], ["Funding", "n wide"], ["Profit", "n"], ["Equity", "n wide"]];
    return [table(heads, rows.map((one) => [
      [one.day, "nowrap"], [signed(one.realised), "n"], [signed(one.fee), "n"], [signed(one.funding), "n wide"],
      [signed(one.profit), `n ${tone(one.profit)}`], [money(one.equity), "n wide"],
    ]))];
  });
}
