// Lucide, in one size and one stroke width.
import * as lucide from "lucide-react";

const icon = (Drawing) => () => <Drawing size={16} strokeWidth={1.75} aria-hidden="true" />;

export const ALargeSmall = icon(lucide.ALargeSmall);
export const ArrowDown = icon(lucide.ArrowDown);
export const ArrowUp = icon(lucide.ArrowUp);
export const Check = icon(lucide.Check);
export const ChevronDown = icon(lucide.ChevronDown);
export const ChevronLeft = icon(lucide.ChevronLeft);
export const ChevronRight = icon(lucide.ChevronRight);
export const Copy = icon(lucide.Copy);
export const CornerDownRight = icon(lucide.CornerDownRight);
export const Download = icon(lucide.Download);
export const Ellipsis = icon(lucide.Ellipsis);
export const GitFork = icon(lucide.GitFork);
export const Keyboard = icon(lucide.Keyboard);
export const PanelLeft = icon(lucide.PanelLeft);
export const Pencil = icon(lucide.Pencil);
export const RefreshCw = icon(lucide.RefreshCw);
export const SendHorizontal = icon(lucide.SendHorizontal);
export const Square = () => <lucide.Square size={14} fill="currentColor" aria-hidden="true" />;
export const StepForward = icon(lucide.StepForward);
export const Trash = icon(lucide.Trash2);
export const WrapText = icon(lucide.WrapText);
export const Workflow = icon(lucide.Workflow);
export const X = icon(lucide.X);
