/** A pure function that remembers what it made of its last `most` arguments, for what is asked again and again. */
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
