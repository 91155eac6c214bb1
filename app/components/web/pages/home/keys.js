// The keys of Home.

export const KEYS = [["Tab, Enter", "to the next model, and into it"]]
