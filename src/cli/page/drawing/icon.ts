/** Three routers of a mesh. */
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">
<path d="M8 3 3 12h10z" fill="none" stroke="#2d86e0" stroke-width="1.5"/>
<g fill="#2d86e0"><circle cx="8" cy="3.5" r="3"/><circle cx="3" cy="12.5" r="3"/><circle cx="13" cy="12.5" r="3"/></g>
</svg>`;

/** The icon of a page, inside the page: browsers ask the server for one if a page has none. */
export const ICON = `data:image/svg+xml,${encodeURIComponent(SVG)}`;
