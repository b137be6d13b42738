<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>AnswerFigures</name>
    <message>
        <source>Details</source>
        <translation>详情</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Engine</source>
        <translation>引擎</translation>
    </message>
    <message>
        <source>{n} tokens a second</source>
        <translation>每秒 {n} 个词元</translation>
    </message>
    <message>
        <source>{n} tokens</source>
        <translation>{n} 个词元</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>First word after</source>
        <translation>首字等待</translation>
    </message>
    <message>
        <source>Loading took</source>
        <translation>加载用时</translation>
    </message>
    <message>
        <source>Thought for</source>
        <translation>思考用时</translation>
    </message>
    <message>
        <source>Read</source>
        <translation>已读取</translation>
    </message>
    <message>
        <source>Written</source>
        <translation>已写出</translation>
    </message>
    <message>
        <source>Conversation memory</source>
        <translation>对话记忆</translation>
    </message>
    <message>
        <source>Oldest messages left out</source>
        <translation>略去的最早消息</translation>
    </message>
    <message>
        <source>{n} s</source>
        <translation>{n} 秒</translation>
    </message>
</context>
<context>
    <name>AnswerMessage</name>
    <message>
        <source>Reading your message …</source>
        <translation>正在阅读你的消息……</translation>
    </message>
    <message>
        <source>Copy answer</source>
        <translation>复制回答</translation>
    </message>
    <message>
        <source>Answer once more</source>
        <translation>重新回答</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>Go on from here</source>
        <translation>用这个回答继续</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>继续写</translation>
    </message>
    <message>
        <source>{name}: {text}</source>
        <translation>{name}：{text}</translation>
    </message>
    <message>
        <source>You stopped this answer.</source>
        <translation>你停止了这个回答。</translation>
    </message>
    <message>
        <source>Modelyard ended while this was being written. What had arrived was kept.</source>
        <translation>写到一半时 Modelyard 退出了，已写出的内容都保留着。</translation>
    </message>
    <message>
        <source>The longest length was reached.</source>
        <translation>已达到最大长度。</translation>
    </message>
    <message>
        <source>The model said nothing.</source>
        <translation>模型没有给出回答。</translation>
    </message>
    <message>
        <source>Copy as Markdown</source>
        <translation>复制为 Markdown</translation>
    </message>
    <message>
        <source>Copy as plain text</source>
        <translation>复制为纯文本</translation>
    </message>
    <message>
        <source>Delete from here on</source>
        <translation>从这里起全部删除</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
</context>
<context>
    <name>AttachmentChip</name>
    <message>
        <source>Remove {name}</source>
        <translation>移除 {name}</translation>
    </message>
</context>
<context>
    <name>Board</name>
    <message>
        <source>{name} answered: {text}</source>
        <translation>{name} 回答：{text}</translation>
    </message>
</context>
<context>
    <name>ChatView</name>
    <message>
        <source>Bring a model home first</source>
        <translation>先带一个模型回家</translation>
    </message>
    <message>
        <source>Drop a model file on this window, choose a folder, or give a Hugging Face link.</source>
        <translation>把模型文件拖到此窗口，或选择文件夹，或填写 Hugging Face 链接。</translation>
    </message>
    <message>
        <source>Import a model</source>
        <translation>导入模型</translation>
    </message>
</context>
<context>
    <name>Composer</name>
    <message>
        <source>Attach pictures or files</source>
        <translation>添加图片或文件</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>Model: {name}</source>
        <translation>模型：{name}</translation>
    </message>
    <message>
        <source>Attach files (this model sees no pictures)</source>
        <translation>添加文件（此模型看不了图片）</translation>
    </message>
    <message>
        <source>Compare with</source>
        <translation>对比另一个模型</translation>
    </message>
    <message>
        <source>Nothing</source>
        <translation>不对比</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
</context>
<context>
    <name>ConversationList</name>
    <message>
        <source>New conversation</source>
        <translation>新对话</translation>
    </message>
    <message>
        <source>Search conversations</source>
        <translation>搜索对话</translation>
    </message>
    <message>
        <source>Nothing was found.</source>
        <translation>没有找到。</translation>
    </message>
    <message>
        <source>Conversations</source>
        <translation>对话列表</translation>
    </message>
    <message>
        <source>Rename …</source>
        <translation>重命名……</translation>
    </message>
    <message>
        <source>Unpin</source>
        <translation>取消置顶</translation>
    </message>
    <message>
        <source>Pin to the top</source>
        <translation>置顶</translation>
    </message>
    <message>
        <source>Export as Markdown …</source>
        <translation>导出为 Markdown……</translation>
    </message>
    <message>
        <source>Export with all versions (JSON) …</source>
        <translation>导出全部版本（JSON）……</translation>
    </message>
    <message>
        <source>Delete conversation</source>
        <translation>删除对话</translation>
    </message>
</context>
<context>
    <name>EmptyConversation</name>
    <message>
        <source>What shall we talk about?</source>
        <translation>想聊点什么？</translation>
    </message>
    <message>
        <source>Everything you write stays on this computer.</source>
        <translation>你写的一切都只留在这台电脑上。</translation>
    </message>
    <message>
        <source>Explain how a rainbow forms, in three sentences.</source>
        <translation>用三句话解释彩虹是怎样形成的。</translation>
    </message>
    <message>
        <source>Write a short, friendly letter to a new neighbour.</source>
        <translation>给新邻居写一封简短友好的信。</translation>
    </message>
    <message>
        <source>Give me five ideas for a simple dinner.</source>
        <translation>推荐五道简单的晚餐。</translation>
    </message>
</context>
<context>
    <name>FileTaker</name>
    <message>
        <source>Attach pictures or files</source>
        <translation>添加图片或文件</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>Reading …</source>
        <translation>正在读取……</translation>
    </message>
</context>
<context>
    <name>Header</name>
    <message>
        <source>Settings of this conversation</source>
        <translation>此对话的设置</translation>
    </message>
    <message>
        <source>More about this conversation</source>
        <translation>此对话的更多操作</translation>
    </message>
    <message>
        <source>Role: {text}</source>
        <translation>角色：{text}</translation>
    </message>
    <message>
        <source>Unpin</source>
        <translation>取消置顶</translation>
    </message>
    <message>
        <source>Pin to the top</source>
        <translation>置顶</translation>
    </message>
    <message>
        <source>Rename …</source>
        <translation>重命名……</translation>
    </message>
    <message>
        <source>Export as Markdown …</source>
        <translation>导出为 Markdown……</translation>
    </message>
    <message>
        <source>Export with all versions (JSON) …</source>
        <translation>导出全部版本（JSON）……</translation>
    </message>
    <message>
        <source>Import a conversation …</source>
        <translation>导入对话……</translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Delete conversation</source>
        <translation>删除对话</translation>
    </message>
</context>
<context>
    <name>Library</name>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Title of this conversation</source>
        <translation>此对话的标题</translation>
    </message>
    <message>
        <source>“{title}” was deleted.</source>
        <translation>已删除“{title}”。</translation>
    </message>
    <message>
        <source>The message and what followed were deleted.</source>
        <translation>已删除这条消息及其后的内容。</translation>
    </message>
    <message>
        <source>Export conversation</source>
        <translation>导出对话</translation>
    </message>
    <message>
        <source>You</source>
        <translation>你</translation>
    </message>
    <message>
        <source>Assistant</source>
        <translation>助手</translation>
    </message>
    <message>
        <source>Role and rules</source>
        <translation>角色设定</translation>
    </message>
    <message>
        <source>Exported to {name}</source>
        <translation>已导出到 {name}</translation>
    </message>
    <message>
        <source>Import a conversation</source>
        <translation>导入对话</translation>
    </message>
    <message>
        <source>Conversations (*.json *.md)</source>
        <translation>对话 (*.json *.md)</translation>
    </message>
</context>
<context>
    <name>Links</name>
    <message>
        <source>Open this address in the browser?</source>
        <translation>在浏览器中打开这个地址？</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>LongText</name>
    <message>
        <source>Show more ({n} characters are not shown)</source>
        <translation>显示更多（还有 {n} 个字符未显示）</translation>
    </message>
</context>
<context>
    <name>MarkdownView</name>
    <message>
        <source>Copy code</source>
        <translation>复制代码</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy as Markdown</source>
        <translation>复制为 Markdown</translation>
    </message>
    <message>
        <source>Copy link address</source>
        <translation>复制链接地址</translation>
    </message>
    <message>
        <source>Select all</source>
        <translation>全选</translation>
    </message>
</context>
<context>
    <name>MemoryGauge</name>
    <message>
        <source>Conversation memory</source>
        <translation>对话记忆</translation>
    </message>
    <message>
        <source>Memory {n}%</source>
        <translation>记忆 {n}%</translation>
    </message>
    <message>
        <source>The model has {used} of {all} tokens of this conversation in mind ({pages}).</source>
        <translation>此对话已用 {used} / {all} 个词元的记忆（{pages}）。</translation>
    </message>
</context>
<context>
    <name>MessageField</name>
    <message>
        <source>Write a message</source>
        <translation>输入消息</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>消息</translation>
    </message>
</context>
<context>
    <name>ModelChoice</name>
    <message>
        <source>Assistant</source>
        <translation>助手</translation>
    </message>
</context>
<context>
    <name>NoticeBar</name>
    <message>
        <source>Dismiss</source>
        <translation>知道了</translation>
    </message>
</context>
<context>
    <name>Notices</name>
    <message>
        <source>“{name}” is no longer installed. Choose another model to go on.</source>
        <translation>“{name}”已不在本机。请选择另一个模型继续。</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>This answer repeats itself. Small models sometimes do.</source>
        <translation>这个回答在不断重复，小模型有时会这样。</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>The conversation memory is full: the model no longer sees the {n} oldest messages.</source>
        <translation>对话记忆已满：模型看不到最早的 {n} 条消息了。</translation>
    </message>
    <message>
        <source>The conversation memory is nearly full: soon the oldest messages are forgotten.</source>
        <translation>对话记忆快满了：最早的消息很快会被忘掉。</translation>
    </message>
    <message>
        <source>This model sees no pictures. Choose one that does, or take the picture out.</source>
        <translation>此模型看不了图片。请换一个能看图的模型，或移除图片。</translation>
    </message>
    <message>
        <source>These files have about {n} pages; the model keeps {memory} in mind. It will not read all of it.</source>
        <translation>这些文件约有 {n} 页，而模型只能记住{memory}，无法全部读完。</translation>
    </message>
</context>
<context>
    <name>OptionRow</name>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>model&apos;s own</source>
        <translation>随模型</translation>
    </message>
</context>
<context>
    <name>OptionsPanel</name>
    <message>
        <source>Role and rules</source>
        <translation>角色设定</translation>
    </message>
    <message>
        <source>As the model likes</source>
        <translation>由模型决定</translation>
    </message>
    <message>
        <source>Think first</source>
        <translation>先思考再回答</translation>
    </message>
    <message>
        <source>Answer at once</source>
        <translation>直接回答</translation>
    </message>
    <message>
        <source>Thinking</source>
        <translation>思考过程</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Who the model is and how it behaves in this conversation.</source>
        <translation>模型在此对话中是谁、怎样表现。</translation>
    </message>
    <message>
        <source>More settings</source>
        <translation>更多设置</translation>
    </message>
    <message>
        <source>Make a persona of these settings</source>
        <translation>用这些设置创建角色</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>This conversation</source>
        <translation>此对话</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>Model: {name}</source>
        <translation>模型：{name}</translation>
    </message>
    <message>
        <source>For example: You are a patient teacher. Explain step by step.</source>
        <translation>例如：你是一位耐心的老师，请一步一步讲解。</translation>
    </message>
</context>
<context>
    <name>Shortcuts</name>
    <message>
        <source>New conversation</source>
        <translation>新对话</translation>
    </message>
    <message>
        <source>Search all conversations</source>
        <translation>搜索全部对话</translation>
    </message>
    <message>
        <source>Next conversation</source>
        <translation>下一个对话</translation>
    </message>
    <message>
        <source>Conversation before</source>
        <translation>上一个对话</translation>
    </message>
    <message>
        <source>Rename the conversation</source>
        <translation>重命名对话</translation>
    </message>
    <message>
        <source>Write a message</source>
        <translation>输入消息</translation>
    </message>
    <message>
        <source>Ask the last question differently</source>
        <translation>改写上一个问题</translation>
    </message>
    <message>
        <source>Answer once more</source>
        <translation>重新回答</translation>
    </message>
    <message>
        <source>Stop the answer</source>
        <translation>停止回答</translation>
    </message>
    <message>
        <source>Copy the last answer</source>
        <translation>复制最后一个回答</translation>
    </message>
    <message>
        <source>To the newest message</source>
        <translation>跳到最新消息</translation>
    </message>
    <message>
        <source>Choose the model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>Settings of this conversation</source>
        <translation>此对话的设置</translation>
    </message>
    <message>
        <source>Attach pictures or files</source>
        <translation>添加图片或文件</translation>
    </message>
    <message>
        <source>Export as Markdown</source>
        <translation>导出为 Markdown</translation>
    </message>
    <message>
        <source>This list</source>
        <translation>显示此列表</translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Enter</source>
        <translation>回车</translation>
    </message>
    <message>
        <source>Send the message</source>
        <translation>发送消息</translation>
    </message>
    <message>
        <source>Shift+Enter</source>
        <translation>Shift+回车</translation>
    </message>
    <message>
        <source>New line</source>
        <translation>换行</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>Thinking</name>
    <message>
        <source>Thinking</source>
        <translation>思考过程</translation>
    </message>
    <message>
        <source>Thinking …</source>
        <translation>正在思考……</translation>
    </message>
    <message>
        <source>Thought for {time}</source>
        <translation>思考了 {time}</translation>
    </message>
</context>
<context>
    <name>Transcript</name>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>To the newest message</source>
        <translation>跳到最新消息</translation>
    </message>
</context>
<context>
    <name>UserMessage</name>
    <message>
        <source>You: {text}</source>
        <translation>你：{text}</translation>
    </message>
    <message>
        <source>Show all</source>
        <translation>显示全部</translation>
    </message>
    <message>
        <source>Ask differently</source>
        <translation>换个问法</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Delete from here on</source>
        <translation>从这里起全部删除</translation>
    </message>
</context>
<context>
    <name>Versions</name>
    <message>
        <source>Earlier version</source>
        <translation>上一个版本</translation>
    </message>
    <message>
        <source>Later version</source>
        <translation>下一个版本</translation>
    </message>
    <message>
        <source>{n}/{count}</source>
        <translation>{n}/{count}</translation>
    </message>
    <message>
        <source>Version {words}</source>
        <translation>第 {words} 个版本</translation>
    </message>
</context>
<context>
    <name>_Editor</name>
    <message>
        <source>Your message</source>
        <translation>你的消息</translation>
    </message>
    <message>
        <source>Ask</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>The earlier version stays; you can switch back to it.</source>
        <translation>原来的版本会保留，可以随时切换回去。</translation>
    </message>
</context>
<context>
    <name>_Undo</name>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
</context>
</TS>
