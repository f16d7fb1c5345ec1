/** What the path of a Unix socket may measure: `sun_path` less its closing zero. Source: unix(7). */
export const maxSocketPathBytes = 107;
