/** The agent's desk: at the door it asks for the phone, inside it shows calls. */

import { useText } from "../../i18n";
import { useLive } from "../../live/hooks";
import { Empty, Loading } from "../../ui/Situation";
import { Desk } from "./Desk";
import { SignOn } from "./SignOn";
import { useCampaigns } from "./useCampaigns";

export default function Page() {
  const t = useText();
  const me = useLive("me", "agent");
  const campaigns = useCampaigns();
  if (!me) return <Loading />;
  const [agent] = Object.values(me);
  if (!agent) return <Empty title={t("agent.nobody")} next={t("agent.nobodyNext")} />;
  if (agent.state === "signed_out") return <SignOn agent={agent} campaigns={campaigns} />;
  return <Desk agent={agent} campaigns={campaigns} />;
}
