/** A field's label with a "?" beside it that says what the field means: when one points at it, gets
 * there by key, or touches it. */

import { Tooltip, UnstyledButton } from "@mantine/core";
import { CircleHelp } from "lucide-react";

import classes from "./Explained.module.css";

interface Props {
  label: string;
  help: string;
}

const EVENTS = { hover: true, focus: true, touch: true };

export function Explained({ label, help }: Props) {
  return (
    <>
      {label}
      <Tooltip label={help} multiline w={320} events={EVENTS} position="top-start">
        {/* A button: a click on it is not one on the label, which would be its field's. */}
        <UnstyledButton className={classes.mark} aria-label={help}>
          <CircleHelp size={14} aria-hidden />
        </UnstyledButton>
      </Tooltip>
    </>
  );
}

/** What a Mantine input takes of these: the "?" is no part of the input's name. */
export function explained(label: string, help: string) {
  return { label: <Explained label={label} help={help} />, "aria-label": label };
}
