"use strict";
// Draws every figure of the page in the reader's colours, and again when these change.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const template = () => {
    const axis = {
      gridcolor: colour("--line"),
      linecolor: colour("--line"),
      zerolinecolor: colour("--line"),
      automargin: true,
    };
    return {
      layout: {
        colorway: JSON.parse(document.getElementById("colourway").textContent),
        paper_bgcolor: "rgba(0,0,0,0)",
        plot_bgcolor: "rgba(0,0,0,0)",
        font: { color: colour("--text"), family: getComputedStyle(document.body).fontFamily, size: 12 },
        hoverlabel: {
          bgcolor: colour("--surface"),
          bordercolor: colour("--line"),
          font: { color: colour("--text") },
        },
        legend: { orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom" },
        modebar: {
          bgcolor: "rgba(0,0,0,0)",
          color: colour("--soft"),
          activecolor: colour("--accent"),
        },
        margin: { l: 60, r: 20, t: 30, b: 40 },
        xaxis: axis,
        yaxis: axis,
      },
    };
  };
  const settings = {
    responsive: true,
    displaylogo: false,
    showSendToCloud: false,
    modeBarButtonsToRemove: ["select2d", "lasso2d"],
  };
  const places = [...document.querySelectorAll(".figure")];
  for (const place of places) {
    const figure = JSON.parse(document.getElementById(`${place.id}-json`).textContent);
    const layout = { ...figure.layout, template: template(), autosize: true };
    Plotly.newPlot(place, figure.data, layout, settings);
  }
  dark.addEventListener("change", () => {
    for (const place of places) Plotly.relayout(place, { template: template() });
  });
})();
