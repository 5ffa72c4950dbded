/** All keys of the desk. A box among the others: it covers no call. */

import { CloseButton, Kbd } from "@mantine/core";

import { useText } from "../../i18n";
import type { PlainKey } from "../../i18n";
import classes from "./Desk.module.css";
import { Pane } from "./Pane";

const KEYS: readonly [key: string, text: PlainKey][] = [
  ["r", "agent.keys.ready"],
  ["b", "agent.keys.break"],
  ["o", "agent.keys.stopWork"],
  ["e", "agent.keys.end"],
  ["d", "agent.keys.dial"],
  ["s", "agent.keys.skip"],
  ["1–8", "agent.keys.disposition"],
  ["?", "agent.keys.help"],
];

export function KeysPane({ onClose }: { onClose: () => void }) {
  const t = useText();
  return (
    <Pane
      title={t("agent.keys")}
      aside={<CloseButton size="sm" aria-label={t("agent.keysClose")} onClick={onClose} />}
    >
      <dl className={classes.facts}>
        {KEYS.map(([key, text]) => (
          <KeyRow key={key} name={key} text={t(text)} />
        ))}
      </dl>
    </Pane>
  );
}

function KeyRow({ name, text }: { name: string; text: string }) {
  return (
    <>
      <dt>
        <Kbd size="xs">{name}</Kbd>
      </dt>
      <dd>{text}</dd>
    </>
  );
}
