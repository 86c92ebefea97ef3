--
-- PostgreSQL database dump
--

SET statement_timeout = 0;

--
-- Data for Name: bounces; Type: TABLE DATA; Schema: public; Owner: listmonk
--

COPY public.bounces (id, subscriber_id, campaign_id, type, source, meta, created_at) FROM stdin;
1	6	\N	hard	pop	{}	2026-05-01 10:00:00.1+00
2	1	\N	soft	pop	{}	2026-05-01 10:00:00.1+00
\.


COPY public.lists (id, uuid, name, type, optin, status, tags, description, created_at, updated_at) FROM stdin;
3	0b0eef1c-9f1f-4f2f-8f7f-5f6f7f8f9f0a	Weekly BE	public	double	active	{}		2024-01-01 09:00:00+00	2024-01-01 09:00:00+00
4	1b0eef1c-9f1f-4f2f-8f7f-5f6f7f8f9f0a	Weekly RU	public	double	active	{}	Every\tMonday	2024-01-01 09:00:00+00	2024-01-01 09:00:00+00
5	2b0eef1c-9f1f-4f2f-8f7f-5f6f7f8f9f0a	Announcements	public	single	active	{}	\N	2024-01-01 09:00:00+00	2024-01-01 09:00:00+00
\.


COPY public.subscriber_lists (subscriber_id, list_id, meta, status, created_at, updated_at) FROM stdin;
1	3	{"optin_ip": ""}	confirmed	2024-03-01 10:20:00.5+00	2024-03-01 10:25:00.5+00
2	3	{}	confirmed	2024-03-02 10:20:00.5+00	2024-03-02 10:25:00.5+00
2	4	{}	confirmed	2024-03-03 10:20:00.5+00	2024-03-03 10:25:00.5+00
3	3	{}	unsubscribed	2024-03-01 10:20:00.5+00	2025-04-05 06:07:08+00
3	4	{}	confirmed	2024-03-01 10:20:00.5+00	2024-03-01 10:25:00.5+00
4	5	{}	confirmed	2024-03-01 10:20:00.5+00	2024-03-01 10:25:00.5+00
5	3	{}	confirmed	2024-03-01 10:20:00.5+00	2024-03-01 10:25:00.5+00
6	3	{}	confirmed	2024-03-01 10:20:00.5+00	2024-03-01 10:25:00.5+00
7	3	{}	unconfirmed	2024-03-01 10:20:00.5+00	2024-03-01 10:20:00.5+00
8	4	{}	unsubscribed	2024-03-01 10:20:00.5+00	2025-04-05 06:07:08+00
\.


COPY public.subscribers (id, uuid, email, name, attribs, status, created_at, updated_at) FROM stdin;
1	aa000000-0000-4000-8000-000000000001	one@example.org	One	{"city": "M\\"x"}	enabled	2024-03-01 10:20:00.5+00	2024-03-01 10:25:00.5+00
2	aa000000-0000-4000-8000-000000000002	two@example.org	Two\tNames	{}	enabled	2024-03-01 10:20:00.5+00	2024-03-01 10:25:00.5+00
3	aa000000-0000-4000-8000-000000000003	three@example.org	Three	{}	enabled	2024-03-01 10:20:00.5+00	2024-03-01 10:25:00.5+00
4	aa000000-0000-4000-8000-000000000004	four@example.org	Four	{}	enabled	2024-03-01 10:20:00.5+00	2024-03-01 10:25:00.5+00
5	aa000000-0000-4000-8000-000000000005	five@example.org	Five	{}	blocklisted	2024-03-01 10:20:00.5+00	2024-03-01 10:25:00.5+00
6	aa000000-0000-4000-8000-000000000006	six@example.org	Six	{}	enabled	2024-03-01 10:20:00.5+00	2024-03-01 10:25:00.5+00
7	aa000000-0000-4000-8000-000000000007	seven@example.org	Seven	{}	enabled	2024-03-01 10:20:00.5+00	2024-03-01 10:25:00.5+00
8	aa000000-0000-4000-8000-000000000008	eight@example.org	Eight	{}	enabled	2024-03-01 10:20:00.5+00	2024-03-01 10:25:00.5+00
9	aa000000-0000-4000-8000-000000000009	nine@example.org	On no list	{}	enabled	2024-03-01 10:20:00.5+00	2024-03-01 10:25:00.5+00
\.


--
-- PostgreSQL database dump complete
--
