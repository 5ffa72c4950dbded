/** A button with its key beside it. What it cannot do now it still says, and it keeps the focus. */

import { Button, Kbd } from "@mantine/core";
import type { ButtonProps } from "@mantine/core";
import type { ReactNode, Ref } from "react";

interface Props extends ButtonProps {
  keyName: string;
  can: boolean;
  onPress: () => void;
  children: ReactNode;
  isPressed?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function KeyButton({ keyName, can, onPress, children, isPressed, ...rest }: Props) {
  return (
    <Button
      {...rest}
      rightSection={<Kbd size="xs">{keyName}</Kbd>}
      aria-keyshortcuts={keyName}
      aria-disabled={!can || undefined}
      data-disabled={!can || undefined}
      aria-pressed={isPressed}
      onClick={() => {
        if (can) onPress();
      }}
    >
      {children}
    </Button>
  );
}
