import { describe, expect, it } from "vitest";

import { count, percent } from "./number";
import { phoneNumber } from "./phone";
import { duration, timeOfDay } from "./time";

describe("times", () => {
  it.each([
    [0, "0:00"],
    [9.99, "0:09"],
    [59, "0:59"],
    [60, "1:00"],
    [754, "12:34"],
    [3599.9, "59:59"],
    [3600, "1:00:00"],
    [36_061, "10:01:01"],
    [-3, "0:00"], // the server's clock is a little ahead
  ])("%d seconds are %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  it.each([
    [0, "00:00"],
    [540, "09:00"],
    [1215, "20:15"],
    [1440, "24:00"],
  ])("minute %d of the day is %s", (minutes, text) => {
    expect(timeOfDay(minutes)).toBe(text);
  });
});

describe("numbers", () => {
  it("has three significant digits at most", () => {
    expect(percent(0.023_456, "en")).toBe("2.35%");
    expect(percent(0, "en")).toBe("0%");
    expect(percent(1, "zh")).toBe("100%");
    expect(count(12_345, "en")).toBe("12,345");
  });
});

describe("phone numbers", () => {
  it.each([
    ["+8613800001234", "+86 138 0000 1234"],
    ["+15551234567", "+1 555 123 4567"],
    ["+442071234567", "+44 207 123 4567"],
    ["+3545551234", "+354 555 1234"],
    ["+4312345", "+43 1 2345"],
    ["1001", "1001"],
    ["anonymous", "anonymous"],
    ["", ""],
  ])("%s is written %s", (number, text) => {
    expect(phoneNumber(number)).toBe(text);
  });

  it("loses no digit", () => {
    for (const number of ["+86138000012345", "+390612345678", "+99812345"]) {
      expect(phoneNumber(number).replaceAll(" ", "")).toBe(number);
    }
  });
});
