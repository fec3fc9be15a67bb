package portal

// sourceTexts are the texts about scheduled sources and records of several sources.
var sourceTexts = map[string]entry{
	"source.title":     {"自动取数", "Scheduled sources"},
	"source.name":      {"数据源", "Source"},
	"source.kind":      {"方式", "Kind"},
	"source.status":    {"状态", "Status"},
	"source.last":      {"上次完成", "Last complete"},
	"source.next":      {"下次", "Next"},
	"source.records":   {"新记录", "New records"},
	"source.refused":   {"%d 行有问题", "%d rows refused"},
	"source.never":     {"尚未", "not yet"},
	"source.http":      {"接口", "interface"},
	"source.folder":    {"文件夹", "folder"},
	"source.sftp":      {"SFTP", "SFTP"},
	"source.twice":     {"%d 条记录由多个来源给出，只计一次。", "%d records came from several sources; each counts once."},
	"source.conflicts": {"%d 张单据的不同来源内容不一致。两种内容都已保存，以先存证的为准；请核实后联系出具方更正。", "Sources contradict each other about %d documents. Both are kept and the one anchored first counts; find out which is right and have the issuer correct the other."},

	"pullstatus.ready":     {"待运行", "READY"},
	"pullstatus.pending":   {"进行中或待重试", "PENDING"},
	"pullstatus.delivered": {"已送达", "DELIVERED"},
	"pullstatus.denied":    {"被拒绝", "DENIED"},
	"pullstatus.timeout":   {"超时", "TIMEOUT"},

	"pullfault.timeout":     {"对方未在时限内答复，稍后自动重试。", "No answer in time; it is tried again."},
	"pullfault.connection":  {"连接失败或中断，稍后自动重试。", "The connection failed or broke; it is tried again."},
	"pullfault.server":      {"对方系统繁忙或出错，稍后自动重试。", "The other system is busy or failed; it is tried again."},
	"pullfault.auth":        {"凭证被拒绝。请更换凭证文件。", "The credentials were refused. Replace their file."},
	"pullfault.allow-list":  {"地址不在允许名单内。请由运营方确认后加入名单。", "The address is not on the allow list. The operator may add it."},
	"pullfault.host-key":    {"服务器密钥与登记的不同，已停止连接。请向对方核实。", "The server shows another key than the registered one; nothing was exchanged. Ask its operator."},
	"pullfault.request":     {"对方不接受请求。请核对地址。", "The request was refused. Check the address."},
	"pullfault.length":      {"答复的长度与声明不符，没有采用，稍后自动重试。", "The answer had another length than stated and was not taken; it is tried again."},
	"pullfault.size":        {"答复过大，没有采用。请减小每页行数或移走旧文件。", "The answer was too large and was not taken. Ask for smaller pages, or move old files away."},
	"pullfault.content":     {"答复的内容不符合约定，没有采用。请核对映射文件。", "The answer was not what was agreed and was not taken. Check the mapping file."},
	"pullfault.page-repeat": {"对方重复返回同一页，已停止；没有重复计入。", "A page came again and the run was stopped; nothing was counted twice."},
	"pullfault.definition":  {"数据源的定义、映射或凭证文件无法使用。请改正。", "The definition, mapping or credential file cannot be used. Correct it."},
	"pullfault.profile":     {"记录暂时无法存入，稍后自动重试。", "The records could not be stored; it is tried again."},
	"pullfault.internal":    {"本机出错，稍后自动重试。", "This gateway failed; it is tried again."},

	"uploaded.twice":     {"其中 %d 条此前已有，未重复保存。", "%d of them were there already and were not stored again."},
	"uploaded.same":      {"%d 条记录全部此前已有，未重复保存。", "All %d records were there already; nothing was stored again."},
	"uploaded.conflicts": {"%d 条与此前的记录不一致。两者都已保存，以先存证的为准：", "%d contradict earlier records. Both are kept and the one anchored first counts:"},
}
