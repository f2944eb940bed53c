export interface Piece {
  start: number;
  end: number;
}

export interface Part {
  text: string;
  place: boolean;
  reason: boolean;
}

/** The text cut where a place or a reason begins or ends; what does not lie in it is passed over. */
export function cut(text: string, places: readonly Piece[], reasons: readonly Piece[]): Part[] {
  // The hub counts by code point, not by UTF-16 unit.
  const letters = Array.from(text);
  const inside = ({ start, end }: Piece): boolean => 0 <= start && start < end && end <= letters.length;
  const kept = [places.filter(inside), reasons.filter(inside)] as const;
  const edges = kept.flat().flatMap(({ start, end }) => [start, end]);
  const cuts = [...new Set([0, ...edges, letters.length])].sort((a, b) => a - b);
  return cuts.slice(1).map((end, n) => {
    const start = cuts[n] ?? 0;
    const covered = (piece: Piece): boolean => piece.start <= start && end <= piece.end;
    return {
      text: letters.slice(start, end).join(""),
      place: kept[0].some(covered),
      reason: kept[1].some(covered),
    };
  });
}
