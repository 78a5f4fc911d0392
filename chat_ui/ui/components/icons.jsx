// Lucide, in one size and one stroke width.
import * as lucide from "lucide-react";

const icon = (Drawing) => () => <Drawing size={16} strokeWidth={1.75} aria-hidden="true" />;

export const ArrowDown = icon(lucide.ArrowDown);
export const ArrowUp = icon(lucide.ArrowUp);
export const Check = icon(lucide.Check);
export const Copy = icon(lucide.Copy);
export const Download = icon(lucide.Download);
export const PanelLeft = icon(lucide.PanelLeft);
export const Square = icon(lucide.Square);
export const WrapText = icon(lucide.WrapText);
