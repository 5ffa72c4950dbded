/** 外呼活动成果的文字：两秒规则、成交与收入。 */

import type { campaignResults as en } from "../en/campaignResults";

export const campaignResults: Record<keyof typeof en, string> = {
  "campaigns.waits": "从问候到坐席接通",
  "campaigns.waits.none": "还没有人与坐席通话。",
  "campaigns.waits.seconds": "{s} 秒",
  "campaigns.waits.inTime": "2 秒内",
  "campaigns.waits.inTimeHint": "与坐席通话的人中，在问候结束后两秒内接通的比例，这是法规的要求。",
  "campaigns.waits.late": "超时",
  "campaigns.waits.lateHint": "两秒之后才接通的人数。具体是哪些呼叫见证据导出。",
  "campaigns.waits.p50": "半数不超过",
  "campaigns.waits.p50Hint": "一半的人等待不超过此时间（p50）。",
  "campaigns.waits.p95": "95% 不超过",
  "campaigns.waits.p95Hint": "100 人中有 95 人等待不超过此时间（p95）。",
  "campaigns.waits.longest": "最长",
  "campaigns.waits.longestHint": "与坐席通话的人中等待最久的时间。",
  "campaigns.waits.from.greeting": "{count} 通从问候结束算起",
  "campaigns.waits.from.answer": "{count} 通从接听算起（未识别）",
  "campaigns.waits.from.verdict": "{count} 通从识别放弃时算起",

  "agent.sale": "成交",
  "agent.sale.amount": "金额（本币）",
  "agent.sale.save": "保存",
  "agent.sale.without": "不填金额保存",
  "agent.sale.hint": "按回车保存。计入活动收入，并显示在客户卡片上。",
  "agent.purchases": "在外呼活动中购买",
  "agent.bought": "{day} 在活动“{campaign}”中购买，金额 {amount}",
  "agent.boughtUnknown": "{day} 在活动“{campaign}”中购买",
  "campaigns.results.revenue": "收入",
  "campaigns.form.sales": "算作成交",
  "campaigns.form.salesHint": "坐席对成交通话所选的结果。选择后会询问金额，计入活动收入，并显示在客户卡片上。",
  "campaigns.form.results": "成果",
};
