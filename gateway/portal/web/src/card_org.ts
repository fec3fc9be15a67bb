// Cards of the organisation's devices, keys and custodians.
import { sha256 } from "./bytes.ts";
import type { CardMaker } from "./template.ts";
import { Fault } from "./fault.ts";
import type { ActivateDevice, ChooseCustodian, SetDataKey } from "./message.ts";
import { onCurve } from "./p256.ts";
import { organisation, same, short } from "./word.ts";

const activateDevice: CardMaker = async ({ message }) => {
  const m = message as unknown as ActivateDevice;
  return {
    title: { zh: "启用这台设备", en: "Activate this device" },
    lines: [{ label: { zh: "设备账户", en: "Device account" }, value: same(m.device), strong: true }],
    parts: [],
    notes: [
      {
        zh: "启用后,这台设备可以在登记的权限内代表您的企业签名。请不要在别人的设备上启用。",
        en: "Once active, this device may sign for your firm within the limits registered for it. Never activate somebody else's device.",
      },
    ],
    confirm: { zh: "启用", en: "Activate" },
  };
};

const setDataKey: CardMaker = async ({ message }) => {
  const m = message as unknown as SetDataKey;
  if (!onCurve(m.publicKey)) throw new Fault("value", "public_key");
  return {
    title: { zh: "设置数据密钥", en: "Set the data key" },
    lines: [
      { label: { zh: "密钥编号", en: "Key id" }, value: same(short(await sha256(m.publicKey))), strong: true },
      { label: { zh: "公钥", en: "Public key" }, value: same(short(m.publicKey)) },
    ],
    parts: [],
    notes: [
      {
        zh: "此后授权给本机构的数据只能用这把密钥打开。请与密钥管理人核对编号。",
        en: "From now on, data granted to this organisation opens with this key only. Compare its id with whoever keeps the key.",
      },
    ],
    confirm: { zh: "设置", en: "Set" },
  };
};

const chooseCustodian: CardMaker = async ({ message, support }) => {
  const m = message as unknown as ChooseCustodian;
  const second =
    m.secondCustodianOrgId === 0n ? { zh: "不设", en: "none" } : organisation(m.secondCustodianOrgId, support.orgs);
  if (m.secondCustodianOrgId === m.custodianOrgId) throw new Fault("value", "second_custodian_org_id");
  return {
    title: { zh: "选择数据托管机构", en: "Choose a custodian" },
    lines: [
      { label: { zh: "托管机构", en: "Custodian" }, value: organisation(m.custodianOrgId, support.orgs), strong: true },
      { label: { zh: "备用托管机构", en: "Second custodian" }, value: second },
    ],
    parts: [],
    notes: [
      {
        zh: "托管机构保管您数据的密钥,只能按您签署的授权交出数据。",
        en: "The custodian keeps the keys to your data and may hand data out only under a consent that you signed.",
      },
    ],
    confirm: { zh: "选定", en: "Choose" },
  };
};

export const orgCards: Record<string, CardMaker> = {
  "/xinlian.org.v1.MsgActivateDevice": activateDevice,
  "/xinlian.org.v1.MsgSetDataKey": setDataKey,
  "/xinlian.org.v1.MsgChooseCustodian": chooseCustodian,
};
