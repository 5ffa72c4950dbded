import { phoneNumber } from "../format/phone";

/** A number, written for the eye and copied as E.164. */
export function PhoneNumber({ number }: { number: string }) {
  return (
    <span
      className="number"
      onCopy={(event) => {
        event.clipboardData.setData("text/plain", number);
        event.preventDefault();
      }}
    >
      {phoneNumber(number)}
    </span>
  );
}
