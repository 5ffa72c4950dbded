import type { states as en } from "../en/states";

export const states: Record<keyof typeof en, string> = {
  "agentState.ready": "就绪",
  "agentState.reserved": "来电分配中",
  "agentState.ringing": "振铃",
  "agentState.talking": "通话中",
  "agentState.wrap_up": "话后处理",
  "agentState.not_ready": "未就绪",
  "agentState.signed_out": "未签入",

  "reason.missed": "漏接来电",
  "reason.rejected": "拒接来电",
  "reason.unreachable": "话机无法接通",
  "reason.desktop_lost": "工作台已关闭",

  "callState.arriving": "呼入中",
  "callState.in_ivr": "在语音菜单中",
  "callState.waiting": "排队等待",
  "callState.offered": "正在振铃：{agent}",
  "callState.connected": "通话中",
  "callState.in_fallback": "在交换机自带队列中",
  "callState.ended": "已结束",

  "campaignState.draft": "草稿",
  "campaignState.running": "运行中",
  "campaignState.paused": "已暂停",
  "campaignState.draining": "收尾中",
  "campaignState.finished": "已完成",

  "silence.draft": "尚未开始。",
  "silence.paused": "已由 {changedBy} 暂停。",
  "silence.draining": "收尾中：不再拨打新号码，进行中的通话继续。",
  "silence.finished": "已完成：最后一个通话已结束。",
  "silence.journal_blocked": "日志无法写入（磁盘已满？）：恢复之前不会拨打任何号码。",
  "silence.pbx_down": "无法连接交换机 {pbx}。",
  "silence.no_agents": "没有坐席加入此活动。",
  "silence.no_lines": "{agents} 名坐席都还没有接起话机。",
  "silence.trunk_refuses": "中继 {trunk} 拒绝了最近的呼叫：一分钟内重试。",
  "silence.nobody_ready": "{agents} 名坐席都未就绪。",
  "silence.agents_busy": "坐席全忙：{agents} 人中 {busy} 人在通话或话后处理。",
  "silence.empty_list": "名单为空：请导入联系人。",
  "silence.window_closed": "{closed} 位联系人已到期，但不在可拨打时段内。",
  "silence.retries_later": "暂无到期联系人：{later} 位稍后重拨。",
  "silence.all_done": "已全部拨打：{done} 位完成，{usedUp} 位放弃。",
  "silence.looking": "正在查询下一位联系人。",

  "tier.gold": "金卡",
  "tier.silver": "银卡",
  "tier.standard": "普通",

  "seniority.senior": "资深",
  "seniority.junior": "初级",
};
