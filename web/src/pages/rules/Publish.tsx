/** First who is touched, then one button with the verb on it. */

import { Button, Popover, Stack, Text, TextInput } from "@mantine/core";
import { Send } from "lucide-react";
import { useState } from "react";
import type { FormEvent } from "react";

import type { Preview } from "../../api";
import { useText } from "../../i18n";
import { effectText } from "./Effect";

const COMMENT_CHARS_MAX = 500; // what the server takes (callcenter/api/rules.py)

interface Props {
  /** Whether the text may be published at all. */
  isPossible: boolean;
  isBusy: boolean;
  preview: Preview | undefined;
  onPublish: (comment: string) => void;
}

export function Publish({ isPossible, isBusy, preview, onPublish }: Props) {
  const t = useText();
  const [isOpen, setOpen] = useState(false);
  const [comment, setComment] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setOpen(false);
    setComment("");
    onPublish(comment);
  };
  return (
    <Popover
      opened={isOpen && isPossible}
      onChange={setOpen}
      position="bottom-end"
      width={360}
      trapFocus
      returnFocus
      withArrow
    >
      <Popover.Target>
        <Button
          size="compact-sm"
          leftSection={<Send size={14} aria-hidden />}
          disabled={!isPossible}
          loading={isBusy}
          onClick={() => setOpen((open) => !open)}
        >
          {t("rules.publish")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form onSubmit={submit}>
          <Stack gap="md">
            <Text fw={600}>{preview ? effectText(t, preview) : t("rules.effectPending")}</Text>
            {preview?.weights_differ && <Text>{t("rules.weightsDiffer")}</Text>}
            <Text>{t("rules.publishEffect")}</Text>
            <TextInput
              label={t("rules.comment")}
              maxLength={COMMENT_CHARS_MAX}
              value={comment}
              data-autofocus
              onChange={(event) => setComment(event.currentTarget.value)}
            />
            <Button type="submit">{t("rules.publish")}</Button>
          </Stack>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
