/** A number that may be empty while it is typed. */

import { NumberInput } from "@mantine/core";
import type { NumberInputProps } from "@mantine/core";

import { ORDER } from "./told";

interface Props extends NumberInputProps {
  onNumber: (value: number | "") => void;
}

export function NumberField({ onNumber, ...rest }: Props) {
  return (
    <NumberInput
      inputWrapperOrder={ORDER}
      allowNegative={false}
      {...rest}
      onChange={(value) => onNumber(value === "" ? "" : Number(value))}
    />
  );
}
