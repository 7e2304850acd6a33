/** Makes a pure function remember its results for its last `most` arguments, as the same ones come again and again. */
export function remembering<From, To>(most: number, make: (from: From) => To): (from: From) => To {
  const known = new Map<From, { readonly made: To }>();
  return (from) => {
    const found = known.get(from);
    if (found !== undefined) return found.made;
    if (known.size >= most) known.clear();
    const made = make(from);
    known.set(from, { made });
    return made;
  };
}
