/** The map's colours, beside those of `style/base.css`, which a canvas cannot read. */
export interface Paint {
  outside: string;
  land: string;
  chosen: string;
  border: string;
  text: string;
  dot: string;
  high: string;
  emergency: string;
}

export const light: Paint = {
  outside: "#e4e9e6",
  land: "#fafaf7",
  chosen: "#d5ebe4",
  border: "#b4c2bc",
  text: "#4a5a55",
  dot: "#0f6b5c",
  high: "#c2620a",
  emergency: "#b91c1c",
};

export const dark: Paint = {
  outside: "#0c1113",
  land: "#1a2225",
  chosen: "#1d3b36",
  border: "#3a4a4c",
  text: "#a9b8b5",
  dot: "#4fc3ab",
  high: "#f0a04b",
  emergency: "#f87171",
};
