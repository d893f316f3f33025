const address = {
  city: "San Francisco",
  country: "US",
  line1: "1234 Main St.",
  line2: "Apt 5",
  postal_code: "94111",
  state: "CA"
}
const date = { day: 1, month: 2, year: 1990 }
const names = { first_name: "Jenny", last_name: "Rosen" }
const scanned = { sex: "female", unparsed_place_of_birth: "Springfield", unparsed_sex: "F" }

/** A report on the wire with every field. */
export const fullReport = {
  id: "vr_1",
  object: "identity.verification_report",
  created: 1_767_225_600,
  livemode: true,
  type: "document",
  client_reference_id: "user-42",
  document: {
    ...names,
    ...scanned,
    address,
    dob: date,
    error: { code: "document_expired", reason: "The document is expired." },
    expiration_date: date,
    files: ["file_1", "file_2"],
    issued_date: date,
    issuing_country: "US",
    number: "X1234567",
    status: "unverified",
    type: "passport"
  },
  email: { email: "jenny@example.com", error: { code: "email_unverified_other", reason: "No." }, status: "unverified" },
  id_number: {
    ...names,
    dob: date,
    error: { code: "id_number_mismatch", reason: "No." },
    id_number: "000000000",
    id_number_type: "us_ssn",
    status: "unverified"
  },
  options: {
    document: {
      allowed_types: ["passport", "id_card"],
      require_id_number: true,
      require_live_capture: true,
      require_matching_selfie: false
    },
    id_number: {}
  },
  phone: { error: { code: "phone_unverified_other", reason: "No." }, phone: "+15555550100", status: "unverified" },
  selfie: {
    document: "file_3",
    error: { code: "selfie_manipulated", reason: "No." },
    selfie: "file_4",
    status: "unverified"
  },
  verification_flow: "vf_1",
  verification_session: "vs_1"
}

/** A session on the wire with every field, nothing expanded. */
export const fullSession = {
  id: "vs_1",
  object: "identity.verification_session",
  created: 1_767_225_600,
  livemode: true,
  status: "verified",
  type: "document",
  metadata: { user_id: "42" },
  client_reference_id: "user-42",
  client_secret: "vs_1_secret",
  last_error: { code: "document_expired", reason: "The document is expired." },
  last_verification_report: "vr_1",
  options: {
    document: fullReport.options.document,
    email: { require_verification: true },
    id_number: {},
    matching: { dob: "similar", name: "none" },
    phone: { require_verification: false }
  },
  provided_details: { email: "jenny@example.com", phone: "+15555550100" },
  redaction: { status: "processing" },
  related_customer: "cus_1",
  related_customer_account: "acct_1",
  related_person: { account: "acct_1", person: "person_1" },
  url: "https://verify.stripe.com/start/1",
  verification_flow: "vf_1"
}

/** A session on the wire with every field, everything expanded. */
export const expandedSession = {
  ...fullSession,
  last_verification_report: fullReport,
  verified_outputs: {
    ...names,
    ...scanned,
    address,
    dob: date,
    email: "jenny@example.com",
    id_number: "000000000",
    id_number_type: "us_ssn",
    phone: "+15555550100"
  }
}

/** A session on the wire with nothing but what Stripe always sends. */
export const leastSession = {
  id: "vs_1",
  object: "identity.verification_session",
  created: 1_767_225_600,
  livemode: false,
  status: "requires_input",
  type: "document",
  metadata: {}
}
