/** 外呼活动话术的文字：坐席台上，以及编写话术的表单里。 */

import type { script as en } from "../en/script";

export const script: Record<keyof typeof en, string> = {
  "agent.script": "话术",
  "script.unknown": "未知：{name}",
  "campaigns.form.say": "坐席说什么",
  "campaigns.form.script": "话术",
  "campaigns.form.scriptText": "文字",
  "campaigns.form.scriptHint": "坐席在预览和通话时，会在客户资料旁看到它。标题以 # 开头，列表项以 - 开头；空行开始新的段落。",
  "campaigns.form.scriptPreview": "坐席台上的样子（示例数据）",
  "campaigns.form.scriptNone": "没有话术：坐席只看到客户资料。",
  "campaigns.form.scriptPlaces": "由客户资料填入：",
  "campaigns.form.scriptName": "张敏",
  "campaigns.form.scriptAgent": "李伟",
  "campaigns.form.scriptList": "秋季名单",
  "campaigns.form.braceOpen": "有花括号没有闭合，或多出一个。",
};
