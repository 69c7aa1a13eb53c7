/** Whether somebody who types this may mean a run: ids are one word, and have more than letters. */
export function looksLikeId(text: string): boolean {
  return /^\S{4,}$/.test(text.trim()) && /[\d._:/-]/.test(text);
}
