/** Makes a campaign or changes its settings. What is wrong stands at its field. */

import { Alert, Button, Group, Modal, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { FormEvent, ReactNode } from "react";

import { ProblemError, request } from "../../api";
import type { CampaignView, PbxTrunks } from "../../api";
import { useText } from "../../i18n";
import { problemText } from "../../ui/problems";
import { Empty, Loading } from "../../ui/Situation";
import { check, draftOf, idOf, newDraft, setupOf, toldOf } from "./fields";
import type { Draft } from "./fields";
import { DialingFields, GeneralFields, HoursFields } from "./FormFields";
import type { FieldProps } from "./FormFields";
import { LawFields, MachineFields, SalesFields } from "./MachineFields";
import { NumbersFields } from "./NumbersFields";
import { RetryFields } from "./RetryFields";
import { ReturnFields } from "./ReturnFields";
import { ScriptFields } from "./ScriptFields";
import { SparingFields, TimesFields } from "./TermsFields";

const NO_TRUNKS: readonly PbxTrunks[] = [];
const NO_LISTS: readonly string[] = [];

interface Props {
  /** The one to change; none: a new one. */
  campaign?: CampaignView;
  /** Short names of the campaigns that are there already. */
  taken: readonly string[];
  onClose: () => void;
  onSaved: (id: string) => void;
}

export function CampaignForm({ campaign, taken, onClose, onSaved }: Props) {
  const t = useText();
  const title = campaign
    ? t("campaigns.form.edit", { name: campaign.name })
    : t("campaigns.form.new");
  return (
    <Modal opened onClose={onClose} size={920} title={title} closeOnClickOutside={false}>
      {campaign ? (
        <Existing campaign={campaign} taken={taken} onClose={onClose} onSaved={onSaved} />
      ) : (
        <New taken={taken} onClose={onClose} onSaved={onSaved} />
      )}
    </Modal>
  );
}

function Existing({ campaign, taken, onClose, onSaved }: Props & { campaign: CampaignView }) {
  const t = useText();
  const path = { campaign: campaign.id };
  const { data, error } = useQuery({
    queryKey: ["campaign-settings", campaign.id],
    queryFn: () => request("GET /api/v1/campaigns/{campaign}/settings", { path }),
    gcTime: 0,
    staleTime: Infinity, // what is being typed is not overwritten
  });
  if (error) {
    const { title, detail } = problemText(t, error);
    return <Empty title={title} next={detail} />;
  }
  if (!data) return <Loading />;
  return (
    <Form
      first={draftOf(campaign.id, data)}
      isNew={false}
      taken={taken}
      onClose={onClose}
      onSaved={onSaved}
    />
  );
}

function New({ taken, onClose, onSaved }: Props) {
  const trunks = useTrunks();
  if (!trunks) return <Loading />;
  const [pbx, ...others] = trunks;
  const isOnly = pbx !== undefined && others.length === 0;
  const first = newDraft(isOnly ? pbx.name : "", isOnly ? onlyOf(pbx.trunks) : "");
  return <Form first={first} isNew taken={taken} onClose={onClose} onSaved={onSaved} />;
}

/** What there is no choice about is chosen already. */
function onlyOf(names: readonly string[]): string {
  return names.length === 1 ? (names[0] ?? "") : "";
}

interface FormProps {
  first: Draft;
  isNew: boolean;
  taken: readonly string[];
  onClose: () => void;
  onSaved: (id: string) => void;
}

function Form({ first, isNew, taken, onClose, onSaved }: FormProps) {
  const t = useText();
  const form = useRef<HTMLFormElement>(null);
  const [draft, setDraft] = useState(first);
  const [told, setTold] = useState<Record<string, string>>({});
  const [problem, setProblem] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const trunks = useTrunks() ?? NO_TRUNKS;
  const lists = useLists(first.id, isNew);

  const change: FieldProps["onChange"] = (changed, ...fields) => {
    setDraft((before) => withId(before, { ...before, ...changed }, isNew));
    setTold((before) =>
      Object.fromEntries(Object.entries(before).filter(([name]) => !fields.includes(name))),
    );
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isBusy) return;
    setProblem(null);
    const wrong = Object.entries(check(draft, isNew ? taken : []));
    setTold(Object.fromEntries(wrong.map(([name, text]) => [name, t(text)])));
    if (wrong.length > 0) return;
    setBusy(true);
    try {
      const path = { campaign: draft.id };
      await request("PUT /api/v1/campaigns/{campaign}", { path, body: setupOf(draft) });
      onSaved(draft.id);
    } catch (error) {
      setProblem(error);
      if (error instanceof ProblemError) setTold(toldOf(error.errors));
    } finally {
      setBusy(false);
    }
  };
  // The dialog gave the focus to something before the fields were there.
  useEffect(() => form.current?.querySelector<HTMLElement>("[data-autofocus]")?.focus(), []);
  useEffect(() => {
    if (Object.keys(told).length > 0) {
      form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
    }
    // Only when something new was told, not at every letter that takes a word of it back.
    // oxlint-disable-next-line react/exhaustive-deps -- see above
  }, [problem]);

  const fields: FieldProps = { draft, told, isNew, onChange: change };
  return (
    <form ref={form} onSubmit={(event) => void submit(event)} noValidate>
      <Stack gap="lg">
        <GeneralFields {...fields} />
        <Part title={t("campaigns.form.who")}>
          <HoursFields {...fields} />
          <TimesFields {...fields} />
          <SparingFields {...fields} />
          <RetryFields {...fields} />
        </Part>
        <Part title={t("campaigns.form.how")}>
          <DialingFields {...fields} />
          <NumbersFields {...fields} trunks={trunks} lists={lists} />
          <MachineFields {...fields} />
          <LawFields {...fields} />
          <ReturnFields {...fields} />
          <SalesFields {...fields} />
        </Part>
        <Part title={t("campaigns.form.say")}>
          <ScriptFields {...fields} />
        </Part>
        <Failure problem={problem} />
        <Group justify="flex-end" gap="md">
          <Text c="var(--quiet)" mr="auto">
            {t(isNew ? "campaigns.form.createNext" : "campaigns.form.saveNext")}
          </Text>
          <Button variant="default" onClick={onClose}>
            {t("campaigns.cancel")}
          </Button>
          <Button type="submit" loading={isBusy}>
            {t(isNew ? "campaigns.form.create" : "campaigns.form.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** The short name follows the name until somebody writes their own. */
function withId(before: Draft, after: Draft, isNew: boolean): Draft {
  if (!isNew || after.id !== before.id || before.id !== idOf(before.name)) return after;
  return { ...after, id: idOf(after.name) };
}

/** The trunks of each PBX; undefined: not known yet. */
function useTrunks() {
  const { data } = useQuery({
    queryKey: ["trunks"],
    queryFn: () => request("GET /api/v1/trunks"),
    staleTime: 60_000, // they stand in the config file
  });
  return data?.pbxs;
}

/** The names of its contact lists; none while they are not known. */
function useLists(campaign: string, isNew: boolean): readonly string[] {
  const { data } = useQuery({
    queryKey: ["lists", campaign],
    queryFn: () =>
      request("GET /api/v1/campaigns/{campaign}/lists/counts", { path: { campaign } }),
    enabled: !isNew,
  });
  return data?.lists.map(({ name }) => name) ?? NO_LISTS;
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <>
      <Title order={3} size="h4">
        {title}
      </Title>
      {children}
    </>
  );
}

function Failure({ problem }: { problem: unknown }) {
  const t = useText();
  if (!problem) return null;
  const { title, detail } = problemText(t, problem);
  return (
    <Alert color="red" role="alert" title={title}>
      {detail}
    </Alert>
  );
}
