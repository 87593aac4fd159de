package mutation

const webTests = "./auth/authhttp"

// web: what stands between a browser and the service.
var web = []Mutation{
	{
		"return_to stays on this server", "auth/authhttp/redirect.go",
		"	if len(raw) > 1 && raw[1] == '/' {\n		return false\n	}\n	for i := 0; i < len(raw); i++ {\n		if c := raw[i]; c < 0x20 || c == 0x7f || c == '\\\\' {",
		"	for i := 0; i < len(raw); i++ {\n		if c := raw[i]; c < 0x20 || c == 0x7f {",
		webTests, "TestReturnTo|TestReturnToOnTheWire",
	},
	{
		"X-Forwarded-For is believed from declared proxies only", "auth/authhttp/clientip.go",
		"	if len(web.proxies) == 0 || !web.proxied(addr) {\n		return addr\n	}\n", "",
		webTests, "TestClientIP",
	},
	{
		"a list of proxies that trusts everyone is refused", "auth/authhttp/clientip.go",
		"	if n.Bits() < least {", "	if n.Bits() < 0 && least > 0 {",
		webTests, "TestProxies|TestConfigCheck",
	},
	{
		"cookies are __Host- and Secure on https", "auth/authhttp/cookie.go",
		"	if https {\n		return cookies{", "	if false {\n		return cookies{",
		webTests, "TestSessionCookie",
	},
	{
		"two cookies of one name count as none", "auth/authhttp/cookie.go",
		"			if state != absent {\n				return \"\", unclear\n			}\n", "",
		webTests, "TestFindCookie|TestStrangeCookies",
	},
	{
		"a request from another site changes nothing", "auth/authhttp/routes.go",
		"	if err := c.web.sameOrigin(c.r); err != nil {\n		return err\n	}\n", "",
		webTests, "TestCrossOrigin",
	},
	{
		"a session that was there before a sign-in ends", "auth/authhttp/signin.go",
		"		if err := c.web.svc.Logout(c.r.Context(), old); err != nil {", "		if err := error(nil); err != nil {",
		webTests, "TestSessionFixation",
	},
	{
		"links begin with the configured origin", "auth/authhttp/authhttp.go",
		"	base := web.origin.text + web.prefix\n", "	base := web.prefix\n",
		webTests, "TestJourneyJSON|TestHostHeaderLeadsNowhere",
	},
	{
		"a JSON field stands once", "auth/authhttp/strictjson.go",
		"	if f&*seen != 0 {\n		return errJSONRepeated\n	}\n", "",
		webTests, "TestParseJSON",
	},
	{
		"a JSON field is known and written exactly", "auth/authhttp/strictjson.go",
		"	if f&allowed == 0 {\n		return errJSONUnknown\n	}\n", "",
		webTests, "TestParseJSON",
	},
	{
		"wrong encoding does not make passwords equal", "auth/authhttp/strictjson.go",
		"	if !utf8.Valid(body) {\n		return errJSONEncoding\n	}\n", "",
		webTests, "TestParseJSON",
	},
	{
		"a fault lets nobody through", "auth/authhttp/require.go",
		"		if err != nil {\n			web.refuse(w, r, err)\n			return\n		}\n",
		"		if err != nil && errcodes.CodeOf(err) != errcodes.CodeServerError {\n			web.refuse(w, r, err)\n			return\n		}\n",
		webTests, "TestRequireFaults|TestCrossOrigin",
	},
	{
		"a token stands in a body only where that is switched on", "auth/authhttp/signin.go",
		"	if web.tokenInBody {\n		return s.Token.Reveal()\n	}\n	return \"\"", "	return s.Token.Reveal()",
		webTests, "TestJourneyJSON|TestOwnHandler|TestReturnToOnTheWire",
	},
}
