// Lines and bars as SVG, drawn in real pixels so that texts keep their size at every width.
import { at, element, money, number, signed } from "/texts.js";

const SPACE = "http://www.w3.org/2000/svg";

export function svg(tag, attributes = {}, text) {
  const made = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

export function canvas(id, height) {
  const width = Math.max(320, Math.floor(at(id).clientWidth));
  return { width, height, root: svg("svg", { width, height, viewBox: `0 0 ${width} ${height}` }) };
}

// Rounds to 1, 2 or 5 times a power of ten, so that an axis has few and even numbers.
export function niceStep(span, wanted) {
  const rough = span / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((one) => one * power >= rough);
  return factor * power;
}

export function path(points) {
  return points.map(([x, y], index) => `${index ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

export function timeText(seconds, span) {
  const iso = new Date(seconds * 1000).toISOString();
  return span > 2 * 86400 ? iso.slice(5, 10) : span > 600 ? iso.slice(11, 16) : iso.slice(11, 19);
}

// A touch or a pointer over the drawing shows the value nearest to it.
export function pointing(root, area, find) {
  const note = svg("g", { class: "note", visibility: "hidden" });
  const rule = svg("line", { class: "rule", y1: area.top, y2: area.bottom });
  const box = svg("rect", { class: "box", rx: 4, height: 20 });
  const text = svg("text", { class: "say" });
  note.append(rule, box, text);
  root.append(note);
  root.addEventListener("pointermove", (event) => {
    const left = root.getBoundingClientRect().left;
    const found = find(event.clientX - left);
    note.setAttribute("visibility", found ? "visible" : "hidden");
    if (!found) return;
    text.textContent = found.text;
    const width = text.getComputedTextLength() + 12;
    const x = Math.min(Math.max(found.x - width / 2, area.left), area.right - width);
    rule.setAttribute("x1", found.x);
    rule.setAttribute("x2", found.x);
    box.setAttribute("x", x);
    box.setAttribute("y", area.top);
    box.setAttribute("width", width);
    text.setAttribute("x", x + 6);
    text.setAttribute("y", area.top + 14);
  });
  root.addEventListener("pointerleave", () => note.setAttribute("visibility", "hidden"));
}

export function drawEquity(points) {
  const { width, height, root } = canvas("equity", at("equity").clientWidth > 420 ? 330 : 200);
  const known = points.filter(([, value]) => Number.isFinite(value));
  if (known.length < 2) {
    at("equity").replaceChildren(element("p", "muted empty", "A line appears after two minutes."));
    return "";
  }
  const area = { left: 4, right: width - 70, top: 10, bottom: height - 22 };
  const values = known.map(([, value]) => value);
  let [low, high] = [Math.min(...values), Math.max(...values)];
  const least = Math.max(Math.abs(high) * 1e-4, 0.01);
  if (high - low < least) [low, high] = [(low + high - least) / 2, (low + high + least) / 2];
  const [begin, end] = [known[0][0], known[known.length - 1][0]];
  const x = (time) => area.left + ((area.right - area.left) * (time - begin)) / Math.max(end - begin, 1);
  const y = (value) => area.bottom - ((area.bottom - area.top) * (value - low)) / (high - low);
  const step = niceStep(high - low, 4);
  const digits = step < 0.1 ? 2 : step < 1 ? 1 : 0;
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) {
    root.append(
      svg("line", { class: "mesh", x1: area.left, x2: area.right, y1: y(value), y2: y(value) }),
      svg("text", { class: "axis", x: area.right + 6, y: y(value) + 4 }, number(value, digits)),
    );
  }
  const drawn = known.map(([time, value]) => [x(time), y(value)]);
  root.append(
    svg("path", { class: "area", d: `${path(drawn)}L${area.right} ${area.bottom}L${area.left} ${area.bottom}Z` }),
    svg("path", { class: "line", d: path(drawn) }),
    svg("text", { class: "axis", x: area.left, y: height - 6 }, timeText(begin, end - begin)),
    svg("text", { class: "axis end", x: area.right, y: height - 6 }, timeText(end, end - begin)),
  );
  const [lastX, lastY] = drawn[drawn.length - 1];
  root.append(svg("circle", { class: "dot", cx: lastX, cy: lastY, r: 3 }));
  pointing(root, area, (pointed) => {
    const index = drawn.reduce((best, [px], i) => (Math.abs(px - pointed) < Math.abs(drawn[best][0] - pointed) ? i : best), 0);
    return { x: drawn[index][0], text: `${timeText(known[index][0], 3600)}  ${money(known[index][1])}` };
  });
  at("equity").replaceChildren(root);
  return `${signed(values[values.length - 1] - values[0])} since ${timeText(begin, end - begin)}`;
}

export function drawDays(days) {
  const height = 150;
  const { width, root } = canvas("days", height);
  const wanted = Math.max(7, Math.min(31, Math.floor(width / 26)));
  const rows = days.slice(-wanted);
  if (!rows.length) {
    at("days").replaceChildren(element("p", "muted empty", "Nothing is booked yet."));
    return;
  }
  const values = rows.map((day) => Number(day.profit));
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const span = high - low || 1;
  const area = { left: 4, right: width - 4, top: 20, bottom: height - (low < 0 ? 38 : 22) };
  const y = (value) => area.bottom - ((area.bottom - area.top) * (value - low)) / span;
  const slot = Math.min((area.right - area.left) / Math.max(rows.length, 1), 64);
  const bar = Math.min(slot * 0.7, 40);
  root.append(svg("line", { class: "zero", x1: area.left, x2: area.right, y1: y(0), y2: y(0) }));
  rows.forEach((day, index) => {
    const value = Number(day.profit);
    const middle = area.left + slot * (index + 0.5);
    const top = Math.min(y(value), y(0));
    const column = svg("rect", {
      class: value >= 0 ? "column gain" : "column loss",
      x: middle - bar / 2, y: top, width: bar, height: Math.max(Math.abs(y(value) - y(0)), 1), rx: 2,
    });
    column.append(svg("title", {}, `${day.day}: ${signed(day.profit)}`));
    root.append(column);
    const every = Math.ceil(40 / slot);
    if ((rows.length - 1 - index) % every === 0) {
      root.append(svg("text", { class: "axis middle", x: middle, y: height - 6 }, day.day.slice(5)));
      const above = value >= 0 ? top - 5 : top + Math.abs(y(value) - y(0)) + 13;
      root.append(svg("text", { class: "axis middle", x: middle, y: above }, signed(day.profit, Math.abs(value) < 100 ? 2 : 0)));
    }
  });
  at("days").replaceChildren(root);
}

