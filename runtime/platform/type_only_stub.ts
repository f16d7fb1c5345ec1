// Stands in for a package that holds only types: imports of it load, and give nothing.
export {};
