// Four check characters of the sign bytes. Another member's explorer shows the
// same ones beside its own summary of the transaction, so that a person can
// connect the two. They are no proof: whoever makes the page can show any.
import { sha256 } from "./bytes.ts";
import { Writer } from "./canon.ts";
import type { Text } from "./fault.ts";

const characters = Array.from("山水云雨风雪江河松竹梅兰桃李鹤燕马牛羊鱼龙虎东南西北春夏秋冬金玉");
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

export async function checkCharacters(signBytes: Uint8Array): Promise<Text> {
  const h = await new Writer("check-characters").fixed(await sha256(signBytes)).sum();
  const indexes = Array.from(h.subarray(0, 4), (v) => v % 32);
  return { zh: indexes.map((i) => characters[i]).join("·"), en: indexes.map((i) => letters[i]).join("·") };
}
