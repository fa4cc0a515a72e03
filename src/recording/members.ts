/** The members of an object in the text of its JSON, as they stand there: what we do not know is passed on as it is. */

const BLANK = /\s/;

/** Behind a text in quotes that begins at `at`. */
function afterText(json: string, at: number): number {
  let end = at + 1;
  while (json[end] !== '"') end += json[end] === '\\' ? 2 : 1;
  return end + 1;
}

function afterBlanks(json: string, at: number): number {
  let end = at;
  while (BLANK.test(json[end])) end++;
  return end;
}

/** Behind a value: at the comma or the brace that follows. */
function afterValue(json: string, at: number): number {
  let depth = 0;
  for (let end = at; ; end++) {
    const letter = json[end];
    if (letter === '"') end = afterText(json, end) - 1;
    else if (letter === '{' || letter === '[') depth++;
    else if (depth === 0 && (letter === ',' || letter === '}')) return end;
    else if (letter === '}' || letter === ']') depth--;
  }
}

/** Each member's name and the text of its value. To be asked only of what is known to be the JSON of an object. */
export function* membersIn(json: string): Generator<readonly [name: string, value: string]> {
  let at = afterBlanks(json, json.indexOf('{') + 1);
  while (json[at] === '"') {
    const behind = afterText(json, at);
    const name = JSON.parse(json.slice(at, behind)) as string;
    const from = afterBlanks(json, afterBlanks(json, behind) + 1);
    const to = afterValue(json, from);
    yield [name, json.slice(from, to).trimEnd()];
    at = afterBlanks(json, to + 1);
  }
}
